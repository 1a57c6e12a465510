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
//
// Some have their loads and stores in assembler, too (Concurrency Kit): one move, which is volatile and a barrier for
// the compiler.  On x86 a load isn't overtaken by what follows it, nor does a store overtake what precedes it.  So
// these acquire and release, as they are meant to: who spells a move out wants no less, and a store ends the release
// sequence of others as C's does.  No race gets lost but of accesses that the machine has ordered in just this way.
// Such a move is made by the detector, which knows from the value what is to be acquired.
#include "assembler.h"

#include "abi.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace godwit {
namespace {

struct Operand {
  Value *pointer;  // null: no memory
  uint64_t bytes;
  Value *address;  // in a register; null: none
  Value *input;    // null: an output, or memory
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
      if (type && type->isSized()) operand = {value, layout.getTypeStoreSize(type), nullptr, nullptr};
      if (!c.isIndirect && value->getType()->isPointerTy()) operand.address = value;
      if (!c.isIndirect) operand.input = value;
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
      if (uint64_t bytes = bytes_locked_by(word))
        place.bytes = bytes;
      else if (!is_place_size(place.bytes))
        place.bytes = bytes_of(word);
      if (word.starts_with("cmpxchg8b")) place.bytes = 8;
      if (word.starts_with("cmpxchg16b")) place.bytes = 16;
      r_.refused |= r_.place.pointer && r_.place.pointer != place.pointer;
      r_.place = place;
    }
  }

  // What the mnemonic says counts for more than the operand's type, which may stand for any place (Concurrency Kit: a
  // byte): who compares too few bytes takes a pointer that changed for one that didn't.
  static uint64_t bytes_locked_by(StringRef word) {
    for (StringRef base : {"cmpxchg", "xchg", "xadd", "add", "sub", "inc", "dec", "and", "or", "xor", "not", "neg"})
      if (StringRef letter = word; letter.consume_front(base) && letter.size() == 1) return bytes_of(letter);
    return 0;
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

// One move between a register, or a constant, and memory.
struct Move {
  Value *place = nullptr;   // null: it is none
  Value *stored = nullptr;  // null: a load
};

bool is_barrier(const InlineAsm &code) {
  return code.hasSideEffects() && code.getDialect() == InlineAsm::AD_ATT &&
         any_of(code.ParseConstraints(), [](const InlineAsm::ConstraintInfo &c) {
           return c.Type == InlineAsm::isClobber && c.Codes.front() == "{memory}";
         });
}

// `$0`, or `($0)` for what a register points to.
const Operand *operand_at(StringRef text, ArrayRef<Operand> operands) {
  unsigned n;
  text = text.trim();
  const bool points = text.consume_front("(") && text.consume_back(")");
  if (!text.consume_front("$") || text.consumeInteger(10, n) || !text.empty() || n >= operands.size()) return nullptr;
  return points && !operands[n].address ? nullptr : &operands[n];
}

Value *memory_at(StringRef text, const Operand &operand) {
  return text.trim().starts_with("(") ? operand.address : operand.pointer;
}

// `$7`, which has two dollars here.  The mnemonic's last letter tells how wide it is.
Value *constant_at(StringRef text, StringRef letter, LLVMContext &context) {
  int64_t value;
  text = text.trim();
  if (!bytes_of(letter) || !text.consume_front("$$") || text.getAsInteger(0, value)) return nullptr;
  return ConstantInt::get(Type::getIntNTy(context, bytes_of(letter) * 8), (uint64_t)value, true);
}

Move read_move(const CallBase &call) {
  const auto *code = cast<InlineAsm>(call.getCalledOperand());
  StringRef text = StringRef(code->getAsmString()).trim(" \t\n;");
  auto [word, rest] = text.split(text.contains('\t') ? '\t' : ' ');
  if (!word.consume_front("mov") || word.size() > 1 || text.find_first_of("\n;") != StringRef::npos) return {};
  if (!is_barrier(*code)) return {};
  SmallVector<Operand, 8> operands = operands_of(call, *code);
  auto [from_text, to_text] = rest.split(',');
  const Operand constant = {nullptr, 0, nullptr, constant_at(from_text, word, call.getContext())};
  const Operand *from = constant.input ? &constant : operand_at(from_text, operands);
  const Operand *to = operand_at(to_text, operands);
  if (!from || !to) return {};
  Value *source = memory_at(from_text, *from), *target = memory_at(to_text, *to);
  if (!source == !target) return {};
  const Move move = source ? Move{source, nullptr} : Move{target, from->input};
  if ((target && !(move.stored && call.getType()->isVoidTy())) || move.place->getType()->getPointerAddressSpace() != 0)
    return {};
  Type *type = move.stored ? move.stored->getType() : call.getType();
  if (!(type->isIntOrPtrTy() || type->isDoubleTy() || type->isFloatTy())) return {};
  const uint64_t bits = call.getModule()->getDataLayout().getTypeSizeInBits(type);
  if (bits < 8 || bits > 64 || !isPowerOf2_64(bits) || (!word.empty() && bytes_of(word) * 8 != bits)) return {};
  return move;
}

void replace(CallInst &call, const Move &move, Abi &abi) {
  IRBuilder<> b(&call);
  Type *type = move.stored ? move.stored->getType() : call.getType();
  const uint64_t bits = call.getModule()->getDataLayout().getTypeStoreSizeInBits(type);
  const std::string entry = ("__gw_assembler" + Twine(bits) + (move.stored ? "_store" : "_load")).str();
  if (move.stored)
    abi.call(b, entry, {move.place, b.CreateBitOrPointerCast(move.stored, b.getIntNTy(bits))});
  else
    call.replaceAllUsesWith(b.CreateBitOrPointerCast(abi.call(b, entry, {move.place}), type));
  call.eraseFromParent();
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

void replace_moves(Function &f, Abi &abi) {
  for (Instruction &i : make_early_inc_range(instructions(f)))
    if (auto *call = dyn_cast<CallInst>(&i); call && call->isInlineAsm())
      if (Move move = read_move(*call); move.place) replace(*call, move, abi);
}

}  // namespace godwit
