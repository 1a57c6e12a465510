// Inline assembler that locks the bus (`lock xaddl`, `xchgb` with memory): what programs that are older than C11 have
// for atomics.
//
// The code stays as it is.  Before it the detector takes the lock of what belongs to the place, and behind it the place
// is acquired and released as by a read-modify-write of sequential consistency, so that value and clock change
// together as they do with C's atomics.  Only what certainly ends may run under a lock: no jump but forwards, no call.
// What may leave the value as it is (a compare-exchange, whatever a jump skips) has released nothing if it did.
//
// The access itself isn't recorded, nor is any other of inline assembler: such programs read the same place by volatile
// accesses, as C had nothing else for it.
#include "assembler.h"

#include "abi.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace godwit {
namespace {

struct Operand {
  Value *pointer;  // null: no memory
  uint64_t bytes;
  Value *address;  // in a register; null: none
};

// What the code is, as a whole.
struct Reading {
  Operand place = {};        // that it locks
  bool conditional = false;  // the value may stay as it is
  bool fence = false;
  bool refused = false;  // it may never end, or locks two places
};

SmallVector<Operand, 8> operands_of(const CallBase &call, const InlineAsm &code) {
  SmallVector<Operand, 8> operands;
  const DataLayout &layout = call.getModule()->getDataLayout();
  unsigned argument = 0;
  for (const InlineAsm::ConstraintInfo &c : code.ParseConstraints()) {
    if (c.Type != InlineAsm::isInput && c.Type != InlineAsm::isOutput) continue;
    Operand operand = {};
    if (c.hasArg()) {
      Type *type = c.isIndirect ? call.getParamElementType(argument) : nullptr;
      Value *value = call.getArgOperand(argument);
      if (type && type->isSized()) operand = {value, layout.getTypeStoreSize(type), nullptr};
      if (!c.isIndirect && value->getType()->isPointerTy()) operand.address = value;
      argument++;
    }
    operands.push_back(operand);
  }
  return operands;
}

// By the mnemonic's last letter, where the operand's type doesn't tell: some give a structure that stands for any
// place.
uint64_t bytes_of(StringRef mnemonic) {
  return StringSwitch<uint64_t>(mnemonic.take_back(1)).Case("b", 1).Case("w", 2).Case("l", 4).Case("q", 8).Default(0);
}

bool is_place_size(uint64_t bytes) { return bytes <= 16 && isPowerOf2_64(bytes); }

class Reader {
 public:
  explicit Reader(ArrayRef<Operand> operands) : operands_(operands) {}

  Reading read(StringRef text) {
    SmallVector<StringRef, 8> lines;
    SplitString(text, lines, "\n;");
    for (StringRef line : lines) statement(line.trim());
    if (!r_.place.pointer || !is_place_size(r_.place.bytes)) r_.place = {};
    return r_;
  }

 private:
  void statement(StringRef s) {
    auto [word, rest] = next_word(s);
    for (; word.ends_with(":"); std::tie(word, rest) = next_word(rest)) continue;
    if (word == "lock") {
      locked_ = true;
      std::tie(word, rest) = next_word(rest);
    }
    if (word.empty()) return;  // a prefix on a line of its own
    if (word.starts_with("j"))
      jump(rest);
    else if (word.starts_with("loop") || word.starts_with("call") || word.starts_with("ret") ||
             word.starts_with("int") || word.starts_with("sys") || word.starts_with("rep"))
      r_.refused |= word != "rep" || !rest.empty();  // `rep; nop` is a pause
    r_.fence |= word == "mfence" || (locked_ && (rest.contains("(%rsp)") || rest.contains("(%esp)")));
    if (locked_ || word.starts_with("xchg")) lock(word, rest);
    locked_ = false;
  }

  static std::pair<StringRef, StringRef> next_word(StringRef s) {
    s = s.ltrim();
    size_t n = std::min(s.find_first_of(" \t"), s.size());
    return {s.take_front(n), s.drop_front(n).trim()};
  }

  void jump(StringRef target) {
    if (target.size() < 2 || !target.ends_with("f") || !all_of(target.drop_back(), isDigit))
      r_.refused = true;
    else
      r_.conditional = true;
  }

  void lock(StringRef word, StringRef arguments) {
    r_.conditional |= word.starts_with("cmpxchg");
    for (size_t at = 0; (at = arguments.find('$', at)) != StringRef::npos; at++) {
      unsigned n;
      StringRef number = arguments.drop_front(at + 1);
      if (number.starts_with("$")) at++;  // of an immediate
      number.consume_front("{");
      if (number.consumeInteger(10, n) || n >= operands_.size()) continue;
      Operand place = operands_[n];
      if (place.address && is_dereferenced(arguments.take_front(at), number)) place.pointer = place.address;
      if (!place.pointer) continue;
      if (!is_place_size(place.bytes)) place.bytes = bytes_of(word);
      if (word.starts_with("cmpxchg8b")) place.bytes = 8;
      if (word.starts_with("cmpxchg16b")) place.bytes = 16;
      r_.refused |= r_.place.pointer && r_.place.pointer != place.pointer;
      r_.place = place;
    }
  }

  // `($1)`, and no `8($1)` nor `($1,$2)`.
  static bool is_dereferenced(StringRef before, StringRef after) {
    bool opens = before.consume_back("(") &&
                 (before.empty() || before.ends_with(" ") || before.ends_with(",") || before.ends_with("\t"));
    after.consume_front("}");
    return opens && after.starts_with(")");
  }

  ArrayRef<Operand> operands_;
  Reading r_;
  bool locked_ = false;  // by a prefix that stands before the statement
};

Reading read(const CallBase &call) {
  const auto *code = cast<InlineAsm>(call.getCalledOperand());
  return Reader(operands_of(call, *code)).read(code->getAsmString());
}

}  // namespace

bool is_locked_assembler(const CallBase &call) {
  if (!isa<CallInst>(call) || !call.isInlineAsm()) return false;
  Reading r = read(call);
  return !r.refused && (r.place.pointer || r.fence);
}

Value *place_of_assembler(const CallBase &call) {
  return is_locked_assembler(call) ? read(call).place.pointer : nullptr;
}

void bracket_assembler(CallBase *call, Abi &abi) {
  Reading r = read(*call);
  IRBuilder<> before(call), after(call->getNextNode());
  after.SetCurrentDebugLocation(call->getDebugLoc());
  if (r.place.pointer) {
    abi.call(before, "__gw_assembler_begin",
             {r.place.pointer, before.getInt64(r.place.bytes), before.getInt32(r.conditional)});
    abi.call(after, "__gw_assembler_end", {r.place.pointer});
  }
  if (r.fence) abi.call(after, "__gw_atomic_thread_fence", {after.getInt32((int)AtomicOrderingCABI::seq_cst)});
}

}  // namespace godwit
