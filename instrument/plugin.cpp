// The plugin's entry: two hooks in the optimiser's pipeline.
//
//   start  forbids what the optimiser may not do (prepare.h) and learns names (names.h)
//   last   instruments what the optimiser left: a dead load is no access
//
// Both run at every level, -O0 included, and before link-time optimisation.  A function that is done carries a mark, so
// that a pipeline that calls a hook twice (-ffat-lto-objects, a ThinLTO back end with the plugin) changes nothing.
// Options are passed with -mllvm after -fplugin, which loads this file early; -fpass-plugin then registers the hooks.
#include <memory>

#include "abi.h"
#include "access.h"
#include "anticipated.h"
#include "assembler.h"
#include "atomics.h"
#include "calls.h"
#include "check.h"
#include "combining.h"
#include "dominated.h"
#include "guard.h"
#include "host.h"
#include "ignore.h"
#include "invariants.h"
#include "lines.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Passes/PassPlugin.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"
#include "loading.h"
#include "locks.h"
#include "loops.h"
#include "memory.h"
#include "module.h"
#include "names.h"
#include "neighbours.h"
#include "overwritten.h"
#include "polls.h"
#include "prepare.h"
#include "ranges.h"
#include "receives.h"
#include "rename.h"
#include "runs.h"
#include "stale.h"
#include "steps.h"
#include "tls.h"
#include "waits.h"

using namespace llvm;
using namespace godwit;

namespace {

constexpr StringLiteral kDone = "godwit-done";

enum class Mode { race, plain };

cl::opt<Mode> mode("godwit-mode", cl::desc("What godwit's plugin does"), cl::init(Mode::race),
                   cl::values(clEnumValN(Mode::race, "race", "instrument for the race detector"),
                              clEnumValN(Mode::plain, "plain", "only keep goroutines safe that change threads")));
cl::opt<bool> audit("godwit-audit", cl::desc("Leave every check of godwit's plugin in its place"));
cl::opt<bool> polls("godwit-polls", cl::desc("Put preemption polls into loops (for measuring without)"),
                    cl::init(true));
cl::opt<bool> verify("godwit-verify", cl::desc("Run LLVM's verifier over what godwit's plugin made"));

// What the first hook tells the second.
struct Memory {
  Names names;
  Lines lines;
};

bool is_supported(Module &m) {
  Triple triple(m.getTargetTriple());
  if (triple.getArch() == Triple::x86_64 && !triple.isX32() && triple.isOSBinFormatELF()) return true;
  m.getContext().emitError("godwit: only x86-64 ELF targets can be instrumented, not " + m.getTargetTriple());
  return false;
}

void remark(Function &f, const Work &work) {
  if (!f.getContext().getDiagHandlerPtr()->isPassedOptRemarkEnabled("godwit")) return;
  OptimizationRemark r("godwit", "Instrumented", DiagnosticLocation(f.getSubprogram()), &f.getEntryBlock());
  r << "checked " << DiagnosticInfoOptimizationBase::Argument("Plain", (unsigned)work.plain.size()) << " plain and "
    << DiagnosticInfoOptimizationBase::Argument("Atomic", (unsigned)work.atomics.size()) << " atomic accesses, "
    << DiagnosticInfoOptimizationBase::Argument("Covered", work.skipped) << " covered by another check";
  f.getContext().diagnose(r);
}

void mention(const Work &work, std::vector<Mention> &mentions) {
  mentions.insert(mentions.end(), work.mentions.begin(), work.mentions.end());
  for (const Access &access : work.plain)
    mentions.push_back({access.at->getDebugLoc().get(), access.write ? 'w' : 'r'});
}

// The accesses of loops: checked before them, or behind.
void check_loops(Function &f, Abi &abi, const Names &names, std::vector<Access> &accesses) {
  LoopFacts facts(f);
  if (facts.loops.empty()) return;
  facts.make_preheaders(accesses);
  merge_steps(facts, accesses);
  hoist_invariants(facts, accesses);
  hoist_ranges(facts, names, accesses);
  check_in_runs(facts, abi, names, accesses);
}

void instrument(Function &f, Abi &abi, const Memory &memory, std::vector<Mention> &mentions) {
  Sharing sharing;
  replace_moves(f, abi);
  std::vector<Wait> waits = bracket_waits(f, abi);
  Work work = collect(f, sharing, audit);
  move_checks(waits, work.plain);
  if (!audit) quiet_receives(f, sharing);
  if (is_ignored(f)) work.keep_atomics_only();
  memory.lines.settle(f, work);
  remark(f, work);
  for (Instruction *i : work.atomics) mentions.push_back({i->getDebugLoc().get(), 'a'});
  for (LoadInst *load : work.guarded) expand_guarded(load, work);
  for (IntrinsicInst *i : work.masked) expand_masked(i, sharing, work);
  for (AnyMemIntrinsic *i : work.memory) lower_memory(i, abi, sharing, work);
  mention(work, mentions);
  for (Instruction *i : work.atomics) replace_atomic(i, abi);
  for (CallBase *call : work.libcalls) replace_atomic_libcall(call, abi, sharing, work);
  if (!audit && work.plain.size() > 1 && !f.hasOptNone()) drop_dominated(f, work.plain);
  if (!audit && work.plain.size() > 1 && !f.hasOptNone()) drop_overwritten(f, work.plain);
  if (!audit && work.plain.size() > 1 && !f.hasOptNone()) leave_to_writes(f, work.plain);
  if (!audit && !work.plain.empty() && !f.hasOptNone()) check_loops(f, abi, memory.names, work.plain);
  if (!audit && work.plain.size() > 1 && !f.hasOptNone()) join_neighbours(f, memory.names, work.plain);
  if (!audit && !work.plain.empty() && !f.hasOptNone()) collect_in_lines(f, abi, work.plain);
  if (polls) place_polls(f, abi);
  place_checks(f, abi, work.plain);
  f.addFnAttr("frame-pointer", "all");
  f.addFnAttr(kDone);
  f.removeFnAttr(Attribute::SanitizeThread);
}

class Start : public PassInfoMixin<Start> {
 public:
  explicit Start(std::shared_ptr<Memory> memory) : memory_(std::move(memory)) {}
  static bool isRequired() { return true; }

  PreservedAnalyses run(Module &m, ModuleAnalysisManager &) {
    if (!is_supported(m)) return PreservedAnalyses::all();
    forget_thread_constants(m);
    warn_of_stale_addresses(m);
    if (mode == Mode::race) {
      mark_ignored(m);
      forbid_speculation(m);
      forbid_inventions();
      memory_->names.learn(m);
      memory_->lines.learn(m);
    }
    if (polls) keep_places_for_polls(m);
    make_thread_locals_opaque(m, Abi(m).may_be_shared());
    if (mode == Mode::race) keep_written_variables(m);
    return PreservedAnalyses::none();
  }

 private:
  std::shared_ptr<Memory> memory_;
};

class Last : public PassInfoMixin<Last> {
 public:
  explicit Last(std::shared_ptr<Memory> memory) : memory_(std::move(memory)) {}
  static bool isRequired() { return true; }

  PreservedAnalyses run(Module &m, ModuleAnalysisManager &) {
    if (!is_supported(m)) return PreservedAnalyses::all();
    Abi abi(m);
    if (mode != Mode::race) {
      for (Function &f : m)
        if (polls && is_instrumented(f)) place_polls(f, abi);
      count_locks(m, abi);
      mark_plain_module(m);  // profiles and dumps want names as well
      check(m);
      return PreservedAnalyses::none();
    }
    std::vector<Mention> mentions;
    std::vector<Function *> todo;
    for (Function &f : m)
      if (is_instrumented(f) && !f.hasFnAttribute(kDone)) todo.push_back(&f);
    if (!todo.empty()) memory_->names.learn_merged(m);
    for (Function *f : todo) instrument(*f, abi, *memory_, mentions);
    track_calls(todo, abi);
    rename_intercepted(m);
    if (!todo.empty()) order_loading(m, abi);
    if (!todo.empty()) mark_module(abi);
    memory_->names.tell(m, mentions);
    check(m);
    return PreservedAnalyses::none();
  }

 private:
  static void check(Module &m) {
#ifdef NDEBUG
    if (!verify) return;
#endif
    std::string text;
    raw_string_ostream out(text);
    if (verifyModule(m, &out)) report_fatal_error(Twine("godwit: broken module: ") + out.str());
  }

  std::shared_ptr<Memory> memory_;
};

void add_hooks(PassBuilder &builder) {
  auto memory = std::make_shared<Memory>();
  builder.registerPipelineStartEPCallback(
      [memory](ModulePassManager &passes, OptimizationLevel) { passes.addPass(Start(memory)); });
  builder.registerOptimizerLastEPCallback(
      [memory](ModulePassManager &passes, OptimizationLevel) { passes.addPass(Last(memory)); });
  // For tests by opt: the two by name.
  builder.registerPipelineParsingCallback(
      [memory](StringRef name, ModulePassManager &passes, ArrayRef<PassBuilder::PipelineElement>) {
        if (name == "godwit-start")
          passes.addPass(Start(memory));
        else if (name == "godwit-last")
          passes.addPass(Last(memory));
        else
          return false;
        return true;
      });
}

}  // namespace

extern "C" LLVM_ATTRIBUTE_WEAK __attribute__((visibility("default"))) PassPluginLibraryInfo llvmGetPassPluginInfo() {
  check_host();
  return {LLVM_PLUGIN_API_VERSION, "godwit", LLVM_VERSION_STRING, add_hooks};
}
