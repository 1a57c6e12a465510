// The list of variable names that the pass leaves in the object for reports.
#ifndef GODWIT_INSTRUMENT_NAMES_H
#define GODWIT_INSTRUMENT_NAMES_H
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "access.h"

namespace llvm {
class DIFile;
class Instruction;
class Module;
}  // namespace llvm

namespace godwit {

class Places;
struct Place;

// Learns at the pipeline's start, when the IR still says what the source said; tells at its end, when it is known which
// accesses are left.  Between them the source position is the link, as it is for the report.
class Names {
 public:
  void learn(llvm::Module &module);
  // At the end: positions that the optimiser made of several on one line (they have no column), where what is accessed
  // is a variable itself.
  void learn_merged(llvm::Module &module);
  // Whether the accesses at two positions are of variables of the same name, or both of none that is known.
  bool same(const llvm::DILocation *a, const llvm::DILocation *b, char op) const;
  void tell(llvm::Module &module, const std::vector<Mention> &mentions);

 private:
  using Key = std::tuple<const llvm::DIFile *, unsigned, unsigned, char>;  // file, line, column, op
  struct Name {
    std::string path;    // "" when the position has accesses to different things
    const char *source;  // as in report_format.h
  };

  void learn_instruction(llvm::Instruction &instruction, Places &places);
  void learn_access(const llvm::Instruction &instruction, char op, const std::optional<Place> &place);

  std::map<Key, Name> names_;
};

}  // namespace godwit
#endif
