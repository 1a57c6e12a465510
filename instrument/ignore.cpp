// A function on an ignore list keeps its atomics, and its calls of functions that the detector knows: what it
// synchronises must still be seen, or code elsewhere would seem to race.
#include "ignore.h"

#include <memory>
#include <string>

#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SpecialCaseList.h"
#include "llvm/Support/VirtualFileSystem.h"

using namespace llvm;

namespace godwit {
namespace {

constexpr StringLiteral kIgnored = "godwit-ignored";
constexpr StringLiteral kSections[] = {"thread", "race"};  // [thread] is clang's, [race] for those who write ours

cl::list<std::string> files("godwit-ignorelist", cl::desc("Files that name what godwit's plugin leaves unchecked"));

bool lists(const SpecialCaseList &list, StringRef what, StringRef name) {
  if (name.empty()) return false;
  for (StringRef section : kSections)
    if (list.inSection(section, what, name)) return true;
  return false;
}

// As clang sees it: the presumed path, "./" aside.
bool lists_file(const SpecialCaseList &list, StringRef what, StringRef path) {
  path.consume_front("./");
  return lists(list, what, path);
}

bool lists_function(const SpecialCaseList &list, const Function &f) {
  if (lists(list, "fun", f.getName())) return true;
  const DISubprogram *where = f.getSubprogram();
  return lists_file(list, "src", where ? where->getFilename() : StringRef(f.getParent()->getSourceFileName()));
}

}  // namespace

bool is_ignored(const Function &f) { return f.hasFnAttribute(kIgnored); }

void mark_ignored(Module &m) {
  if (files.empty()) return;
  std::string error;
  auto list = SpecialCaseList::create(files, *vfs::getRealFileSystem(), error);
  if (!list) return m.getContext().emitError("godwit: " + error);
  StringRef main_file = m.getSourceFileName();
  bool whole = lists_file(*list, "src", main_file) || lists_file(*list, "mainfile", main_file);
  for (Function &f : m)
    if (!f.isDeclaration() && (whole || lists_function(*list, f))) f.addFnAttr(kIgnored);
}

}  // namespace godwit
