// Writes the records of report_format.h into the section .gw_names, which is in the file but never loaded.
//
// Module-level assembly carries them, as LLVM has no other way to make a section without SHF_ALLOC; it survives LTO,
// whose linker joins the assembly of all modules.  A position where accesses to different things meet (a macro, a
// condition's two arms) gets no record.
#include "names.h"

#include <set>

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "place.h"
extern "C" {
#include "godwit/report_format.h"
}

using namespace llvm;

namespace godwit {
namespace {

// As the debug line table will spell it.
std::string file_name(const DIFile &file) {
  if (sys::path::is_absolute(file.getFilename()) || file.getDirectory().empty()) return file.getFilename().str();
  return (file.getDirectory() + "/" + file.getFilename()).str();
}

// A NUL-terminated string in the assembler's syntax.
void write_string(raw_ostream &out, StringRef text) {
  out << ".asciz \"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\')
      out << '\\' << c;
    else if (isPrint(c))
      out << c;
    else
      out << '\\' << (char)('0' + (c >> 6)) << (char)('0' + ((c >> 3) & 7)) << (char)('0' + (c & 7));
  }
  out << "\"\n";
}

}  // namespace

void Names::learn(Module &module) {
  if (module.debug_compile_units().empty()) return;
  Places places(module);
  for (Function &f : module)
    for (Instruction &i : instructions(f)) learn_instruction(i, places);
}

void Names::learn_merged(Module &module) {
  if (module.debug_compile_units().empty()) return;
  std::optional<Places> places;  // reads all types of the module: only if anything was merged
  Names merged;
  for (Function &f : module)
    for (Instruction &i : instructions(f)) {
      const DebugLoc &where = i.getDebugLoc();
      if (!where || where.getCol() || !where.getLine() || !i.mayReadOrWriteMemory()) continue;
      const Value *pointer = getLoadStorePointerOperand(&i);
      if (pointer && (isa<AllocaInst>(pointer) || isa<GlobalVariable>(pointer))) {
        if (!places) places.emplace(module);
        merged.learn_instruction(i, *places);
      } else {
        for (char op : {'r', 'w', 'a'}) merged.learn_access(i, op, std::nullopt);
      }
    }
  names_.insert(merged.names_.begin(), merged.names_.end());  // what the source itself says stays
}

void Names::learn_instruction(Instruction &i, Places &places) {
  if (!i.getDebugLoc()) return;
  const DataLayout &layout = i.getDataLayout();
  auto scalar = [&](char op, Value *pointer, Type *type) {
    learn_access(i, op, places.of_access(pointer, layout.getTypeStoreSize(type).getKnownMinValue(), true));
  };
  if (auto *load = dyn_cast<LoadInst>(&i)) {
    scalar(load->isAtomic() ? 'a' : 'r', load->getPointerOperand(), load->getType());
  } else if (auto *store = dyn_cast<StoreInst>(&i)) {
    scalar(store->isAtomic() ? 'a' : 'w', store->getPointerOperand(), store->getValueOperand()->getType());
  } else if (auto *rmw = dyn_cast<AtomicRMWInst>(&i)) {
    scalar('a', rmw->getPointerOperand(), rmw->getValOperand()->getType());
  } else if (auto *cas = dyn_cast<AtomicCmpXchgInst>(&i)) {
    scalar('a', cas->getPointerOperand(), cas->getCompareOperand()->getType());
  } else if (auto *memory = dyn_cast<AnyMemIntrinsic>(&i)) {
    auto *length = dyn_cast<ConstantInt>(memory->getLength());
    uint64_t bytes = length ? length->getZExtValue() : 0;
    learn_access(i, 'w', places.of_access(memory->getRawDest(), bytes, false));
    if (auto *copy = dyn_cast<AnyMemTransferInst>(memory))
      learn_access(i, 'r', places.of_access(copy->getRawSource(), bytes, false));
  }
}

void Names::learn_access(const Instruction &i, char op, const std::optional<Place> &place) {
  const DILocation *where = i.getDebugLoc().get();
  if (!where->getLine()) return;
  Name name = place ? Name{place->path, place->source} : Name{"", ""};
  auto [known, is_new] = names_.try_emplace(Key{where->getFile(), where->getLine(), where->getColumn(), op}, name);
  if (!is_new && (known->second.path != name.path || StringRef(known->second.source) != name.source))
    known->second.path.clear();
}

bool Names::same(const DILocation *a, const DILocation *b, char op) const {
  auto path = [&](const DILocation *where) -> StringRef {
    auto name = names_.find(Key{where->getFile(), where->getLine(), where->getColumn(), op});
    return name == names_.end() ? "" : StringRef(name->second.path);
  };
  return path(a) == path(b);
}

void Names::tell(Module &module, const std::vector<Mention> &mentions) {
  std::set<Key> told;
  std::string text;
  raw_string_ostream out(text);
  for (const Mention &mention : mentions) {
    if (!mention.where) continue;
    Key key{mention.where->getFile(), mention.where->getLine(), mention.where->getColumn(), mention.op};
    auto name = names_.find(key);
    if (name == names_.end() || name->second.path.empty() || !told.insert(key).second) continue;
    write_string(out, file_name(*mention.where->getFile()));
    write_string(out, std::to_string(mention.where->getLine()) + ":" + std::to_string(mention.where->getColumn()));
    write_string(out, StringRef(&mention.op, 1));
    write_string(out, name->second.path);
    write_string(out, name->second.source);
  }
  if (told.empty()) return;
  module.appendModuleInlineAsm(".pushsection " GW_NAMES_SECTION ",\"\",@progbits\n" + text + ".popsection");
}

}  // namespace godwit
