// What an address is called in the source.
//
// Three roots: a stack object or a global with its debug information; a pointer loaded from a place whose type is
// pointer to struct ("acct.balance": the type and field through which memory is accessed); and an address of unknown
// origin that is taken apart as a struct, when exactly one struct of that name exists.  From a root, constant field
// offsets lead to members, constant indices to elements; a computed index gives "[]".
// Never a guess: a bit-field, a member that can't be told from others of its union, a cast that the debug information
// contradicts: no name.
#include "place.h"

#include "llvm/BinaryFormat/Dwarf.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/GetElementPtrTypeIterator.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

namespace godwit {
namespace {

// Without typedef, const, volatile, restrict and _Atomic.
DIType *bare(DIType *type) {
  while (auto *derived = dyn_cast_or_null<DIDerivedType>(type)) {
    switch (derived->getTag()) {
      case dwarf::DW_TAG_typedef:
      case dwarf::DW_TAG_const_type:
      case dwarf::DW_TAG_volatile_type:
      case dwarf::DW_TAG_restrict_type:
      case dwarf::DW_TAG_atomic_type:
        type = derived->getBaseType();
        break;
      default:
        return type;
    }
  }
  return type;
}

DICompositeType *as_record(DIType *type) {
  auto *record = dyn_cast_or_null<DICompositeType>(bare(type));
  if (!record || record->isForwardDecl()) return nullptr;
  return record->getTag() == dwarf::DW_TAG_structure_type || record->getTag() == dwarf::DW_TAG_union_type ? record
                                                                                                          : nullptr;
}

bool is_union(const DICompositeType *record) { return record->getTag() == dwarf::DW_TAG_union_type; }

// "acct" of struct acct; of a struct without a tag the typedef's name; else "".
StringRef record_name(DIType *type) {
  StringRef alias;
  while (auto *derived = dyn_cast_or_null<DIDerivedType>(type)) {
    if (derived->getTag() == dwarf::DW_TAG_typedef) alias = derived->getName();
    type = derived->getBaseType();
  }
  return type && !type->getName().empty() ? type->getName() : alias;
}

// The name that clang gave an LLVM struct type: "struct.acct.5" is "acct".
StringRef llvm_record_name(const StructType *type) {
  if (!type->hasName()) return "";
  StringRef name = type->getName();
  if (!name.consume_front("struct.") && !name.consume_front("union.")) return "";
  auto [stem, number] = name.rsplit('.');
  unsigned ignored;
  return !number.empty() && !number.getAsInteger(10, ignored) ? stem : name;
}

bool is_anonymous(StringRef llvm_name) { return llvm_name.empty() || llvm_name == "anon"; }

// The one member at `offset` bits; unnamed ones are entered by the next field.
DIDerivedType *member_at(DICompositeType *record, uint64_t offset) {
  DIDerivedType *found = nullptr;
  for (DINode *node : record->getElements()) {
    auto *member = dyn_cast<DIDerivedType>(node);
    if (!member || member->getTag() != dwarf::DW_TAG_member || member->isStaticMember()) continue;
    uint64_t begin = member->getOffsetInBits();
    if (member->isBitField()) {
      uint64_t unit = begin & ~(uint64_t)7;
      if (offset >= unit && offset < begin + member->getSizeInBits()) return nullptr;
      continue;
    }
    if (begin != offset || !member->getSizeInBits()) continue;
    if (found) return nullptr;
    found = member;
  }
  return found;
}

bool enter_field(Place &place, StructType *type, unsigned field, const DataLayout &layout) {
  DICompositeType *record = as_record(place.type);
  if (!record) return false;
  if (is_union(record)) return false;
  uint64_t offset = layout.getStructLayout(type)->getElementOffsetInBits(field).getFixedValue();
  DIDerivedType *member = member_at(record, offset);
  if (!member) return false;
  if (!member->getName().empty()) place.path += ("." + member->getName()).str();
  place.type = member->getBaseType();
  return true;
}

DICompositeType *as_array(DIType *type) {
  auto *array = dyn_cast_or_null<DICompositeType>(bare(type));
  return array && array->getTag() == dwarf::DW_TAG_array_type && !array->isVector() ? array : nullptr;
}

// One subscript of an array; `index` is empty when it is computed.
bool enter_element(Place &place, std::optional<uint64_t> index) {
  DICompositeType *array = as_array(place.type);
  if (!array) return false;
  place.path += index ? "[" + std::to_string(*index) + "]" : "[]";
  if (++place.subscripts == array->getElements().size()) {
    place.type = array->getBaseType();
    place.subscripts = 0;
  }
  return true;
}

bool enter_element(Place &place, const Value *index) {
  auto *constant = dyn_cast<ConstantInt>(index);
  if (!constant) return enter_element(place, std::nullopt);
  return !constant->isNegative() && enter_element(place, constant->getZExtValue());
}

uint64_t bits_of(DIType *type) {
  type = bare(type);
  return type ? type->getSizeInBits() : 0;
}

// What one subscript of this array skips: its elements, or rows of them; 0 when unknown.
uint64_t bits_of_element(DICompositeType *array, unsigned subscripts) {
  uint64_t bits = bits_of(array->getBaseType());
  DINodeArray dimensions = array->getElements();
  for (unsigned i = subscripts + 1; i < dimensions.size(); i++) {
    auto *range = dyn_cast<DISubrange>(dimensions[i]);
    auto *count = range ? dyn_cast_if_present<ConstantInt *>(range->getCount()) : nullptr;
    bits *= count ? count->getZExtValue() : 0;
  }
  return bits;
}

// The member that holds the bit `offset`, which becomes relative to it.
DIDerivedType *member_around(DICompositeType *record, uint64_t &offset) {
  for (DINode *node : record->getElements()) {
    auto *member = dyn_cast<DIDerivedType>(node);
    if (!member || member->getTag() != dwarf::DW_TAG_member || member->isStaticMember()) continue;
    uint64_t begin = member->getOffsetInBits();
    if (offset < begin || offset >= begin + member->getSizeInBits()) continue;
    offset -= begin;
    return member->isBitField() ? nullptr : member;
  }
  return nullptr;
}

// One step down towards the bit `offset`.
bool step_down(Place &place, uint64_t &offset) {
  if (DICompositeType *array = as_array(place.type)) {
    uint64_t bits = bits_of_element(array, place.subscripts);
    if (!bits) return false;
    uint64_t index = offset / bits;
    offset %= bits;
    return enter_element(place, index);
  }
  DICompositeType *record = as_record(place.type);
  DIDerivedType *member = record && !is_union(record) ? member_around(record, offset) : nullptr;
  if (!member) return false;
  if (!member->getName().empty()) place.path += ("." + member->getName()).str();
  place.type = member->getBaseType();
  return true;
}

bool is_aggregate(DIType *type) { return as_array(type) || as_record(type); }

// From a variable to the part of it at the bit `offset`.
bool descend(Place &place, uint64_t offset, uint64_t bits, bool scalar) {
  for (int depth = 0; depth < 32; depth++) {
    DICompositeType *record = as_record(place.type);
    if (record && is_union(record)) return true;
    if (!is_aggregate(place.type)) return !offset && bits_of(place.type) == bits;
    if (!scalar && !offset && bits_of(place.type) == bits) return true;
    if (!step_down(place, offset)) return false;
  }
  return false;
}

// Steps into the union member that is the struct `outer`.
bool enter_union(Place &place, const StructType *outer) {
  DICompositeType *record = as_record(place.type);
  DIDerivedType *found = nullptr;
  for (DINode *node : record->getElements()) {
    auto *member = dyn_cast<DIDerivedType>(node);
    if (!member || !as_record(member->getBaseType())) continue;
    if (record_name(member->getBaseType()) != llvm_record_name(outer)) continue;
    if (found) return false;
    found = member;
  }
  if (!found || is_anonymous(llvm_record_name(outer))) return false;
  if (!found->getName().empty()) place.path += ("." + found->getName()).str();
  place.type = found->getBaseType();
  return true;
}

std::optional<Place> of_stack_object(AllocaInst *object) {
  const DILocalVariable *variable = nullptr;
  auto take = [&](const DILocalVariable *candidate, const DIExpression *how) {
    if (how->getNumElements() || (variable && variable != candidate)) return false;
    variable = candidate;
    return true;
  };
  for (DbgVariableRecord *record : findDVRDeclares(object))
    if (!take(record->getVariable(), record->getExpression())) return std::nullopt;
  for (DbgDeclareInst *declare : findDbgDeclares(object))
    if (!take(declare->getVariable(), declare->getExpression())) return std::nullopt;
  // With optimisation clang turns declarations into assignments before any other pass runs.
  for (DbgVariableRecord *record : at::getDVRAssignmentMarkers(object))
    if (record->getFragment() || !take(record->getVariable(), record->getAddressExpression())) return std::nullopt;
  for (DbgAssignIntrinsic *assign : at::getAssignmentMarkers(object))
    if (assign->getFragment() || !take(assign->getVariable(), assign->getAddressExpression())) return std::nullopt;
  if (!variable || variable->getName().empty()) return std::nullopt;
  return Place{variable->getName().str(), "local", variable->getType()};
}

std::optional<Place> of_global(GlobalVariable *object) {
  SmallVector<DIGlobalVariableExpression *, 1> found;
  object->getDebugInfo(found);
  if (found.size() != 1 || found[0]->getExpression()->getNumElements()) return std::nullopt;
  DIGlobalVariable *variable = found[0]->getVariable();
  if (variable->getName().empty()) return std::nullopt;
  return Place{variable->getName().str(), "global", variable->getType()};
}

}  // namespace

Places::Places(Module &module) : module_(module) {
  DebugInfoFinder finder;
  finder.processModule(module);
  auto add = [&](StringRef name, DICompositeType *record) {
    if (!record || name.empty()) return;
    auto [entry, is_new] = records_.try_emplace(name.str(), record);
    if (!is_new && entry->second != record) entry->second = nullptr;
  };
  for (DIType *type : finder.types()) {
    auto *record = as_record(type);
    if (!record) continue;
    if (record == type)
      add(record->getName(), record);
    else if (record->getName().empty() && type->getTag() == dwarf::DW_TAG_typedef)
      add(type->getName(), record);
  }
}

// Copied from a member on, to others behind it.  Where the length isn't known (0 bytes), an aggregate is what is meant;
// and of several structures the type is as good a name as of one.
static bool goes_beyond(const Place &place, uint64_t bytes) {
  uint64_t bits = place.type ? bits_of(place.type) : 0;
  if (!bits) return false;  // void, or an array at a structure's end
  if (StringRef(place.path).find_first_of(".[") == StringRef::npos) return false;
  return bytes ? bits < bytes * 8 : !is_aggregate(place.type);
}

std::optional<Place> Places::of_access(Value *pointer, uint64_t bytes, bool scalar) {
  if (isa<Constant>(pointer)) {
    APInt offset(64, 0);
    Value *base = pointer->stripAndAccumulateConstantOffsets(module_.getDataLayout(), offset, true);
    std::optional<Place> place = of(base);
    if (!place || offset.isNegative() || !descend(*place, offset.getZExtValue() * 8, bytes * 8, scalar))
      return std::nullopt;
    return place;
  }
  std::optional<Place> place = of(pointer);
  if (place && !scalar && goes_beyond(*place, bytes)) return std::nullopt;
  // A type alone, without a field: a member of a union without a name.
  if (place && scalar && StringRef(place->source) == "heap type" &&
      StringRef(place->path).find_first_of(".[") == StringRef::npos)
    return std::nullopt;
  // A scalar in an aggregate that no index leads to: a cast, or a member of a union.
  if (place && scalar && is_aggregate(place->type) && !(as_record(place->type) && is_union(as_record(place->type))))
    return std::nullopt;
  return place;
}

const std::optional<Place> &Places::of(Value *pointer) {
  auto known = known_.find(pointer);
  if (known != known_.end()) return known->second;
  std::optional<Place> answer = resolve(pointer);
  return known_[pointer] = std::move(answer);
}

std::optional<Place> Places::resolve(Value *pointer) {
  if (auto *object = dyn_cast<AllocaInst>(pointer)) return of_stack_object(object);
  if (auto *object = dyn_cast<GlobalVariable>(pointer)) return of_global(object);
  if (auto *intrinsic = dyn_cast<IntrinsicInst>(pointer))
    return intrinsic->getIntrinsicID() == Intrinsic::threadlocal_address ? of(intrinsic->getArgOperand(0))
                                                                         : std::nullopt;
  if (auto *gep = dyn_cast<GEPOperator>(pointer)) return resolve_element(*gep);
  auto *load = dyn_cast<LoadInst>(pointer);
  if (!load) return std::nullopt;
  // *p: named by the struct that p points to.
  std::optional<Place> holder = of_access(load->getPointerOperand(), 8, true);
  auto *to = holder ? dyn_cast_or_null<DIDerivedType>(bare(holder->type)) : nullptr;
  if (!to || to->getTag() != dwarf::DW_TAG_pointer_type || !as_record(to->getBaseType())) return std::nullopt;
  StringRef name = record_name(to->getBaseType());
  if (name.empty()) return std::nullopt;
  return Place{name.str(), "heap type", to->getBaseType()};
}

std::optional<Place> Places::of_tag(StructType *type) {
  StringRef name = llvm_record_name(type);
  auto found = is_anonymous(name) ? records_.end() : records_.find(name);
  if (found == records_.end() || !found->second) return std::nullopt;
  return Place{name.str(), "heap type", found->second};
}

// Where the first index of `gep` starts, brought to the struct type that the rest of it walks.
std::optional<Place> Places::start_of(GEPOperator &gep, StructType *outer) {
  std::optional<Place> base = of(gep.getPointerOperand());
  if (!outer) return base;
  StringRef name = llvm_record_name(outer);
  if (!base) return of_tag(outer);
  DICompositeType *record = as_record(base->type);
  if (record && record_name(base->type) == name && !name.empty()) return base;
  if (record && is_anonymous(name) && record->getName().empty() && !is_union(record)) return base;
  if (record && is_union(record) && enter_union(*base, outer)) return base;
  // Indices of zero are left out of constant addresses.
  Place inner = *base;
  for (uint64_t offset = 0; !name.empty() && step_down(inner, offset) && !offset;)
    if (as_record(inner.type) && record_name(inner.type) == name) return inner;
  // A cast to something else: the type that the code goes through.
  return of_tag(outer);
}

std::optional<Place> Places::resolve_element(GEPOperator &gep) {
  auto *outer = dyn_cast<StructType>(gep.getSourceElementType());
  std::optional<Place> place = start_of(gep, outer);
  if (!place) return std::nullopt;
  const DataLayout &layout = module_.getDataLayout();
  bool first = true;
  for (auto step = gep_type_begin(gep), end = gep_type_end(gep); step != end; ++step) {
    Value *index = step.getOperand();
    if (first) {
      // p[i] stays within the type that p points to; on a named object it would leave it.
      first = false;
      auto *constant = dyn_cast<ConstantInt>(index);
      bool stays = outer && StringRef(place->source) == "heap type";
      if (stays || (constant && constant->isZero())) continue;
      return std::nullopt;
    }
    if (StructType *type = step.getStructTypeOrNull()) {
      if (!enter_field(*place, type, (unsigned)cast<ConstantInt>(index)->getZExtValue(), layout)) return std::nullopt;
    } else if (!enter_element(*place, index)) {
      return std::nullopt;
    }
  }
  return place;
}

}  // namespace godwit
