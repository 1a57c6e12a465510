// Whether the compiler that loaded the plugin is the one that it was built for.
//
// LLVM's data structures differ from release to release and its plugin interface doesn't say which one is in use, so a
// plugin in the wrong clang crashes.  The plugin brings its own libLLVM as a dependency; when the process has another
// one as well, that is the compiler's.
#include "host.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "llvm-c/Core.h"
#include "llvm/Config/llvm-config.h"

namespace godwit {
namespace {

const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

struct Search {
  const char *ours;   // file name of the libLLVM that this plugin is bound to
  const char *other;  // of another one in the process, or NULL
};

int look_at(dl_phdr_info *info, size_t, void *data) {
  auto *search = static_cast<Search *>(data);
  const char *name = base_name(info->dlpi_name);
  if (strncmp(name, "libLLVM", strlen("libLLVM")) == 0 && strcmp(name, search->ours) != 0) search->other = strdup(name);
  return search->other != nullptr;
}

[[noreturn]] void refuse(const char *found) {
  fprintf(stderr,
          "error: godwit_pass.so is for clang-%d (LLVM %s), but was loaded by a compiler with %s: use clang-%d\n",
          LLVM_VERSION_MAJOR, LLVM_VERSION_STRING, found, LLVM_VERSION_MAJOR);
  _Exit(1);
}

}  // namespace

void check_host() {
  unsigned major = 0;
  LLVMGetVersion(&major, nullptr, nullptr);
  if (major != LLVM_VERSION_MAJOR) refuse(("LLVM " + std::to_string(major)).c_str());
  Dl_info ours;
  if (!dladdr((void *)&LLVMGetVersion, &ours) || !ours.dli_fname) return;
  Search search = {base_name(ours.dli_fname), nullptr};
  dl_iterate_phdr(look_at, &search);
  if (search.other) refuse(search.other);
}

}  // namespace godwit
