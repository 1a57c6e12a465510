/* Opening: the file itself, and its debug information from the file, from the build id, or from the debug link. */
#include "cli/module.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/mem.h"

static struct module *modules; /* all that were opened */

static char *build_id_of(Elf *elf) {
  const void *bits;
  ssize_t n = dwelf_elf_gnu_build_id(elf, &bits);
  if (n <= 0) return NULL;
  char *hex = mem_alloc(2 * (size_t)n + 1);
  for (ssize_t i = 0; i < n; i++) snprintf(hex + 2 * i, 3, "%02x", ((const unsigned char *)bits)[i]);
  return hex;
}

/* NULL if the file can't be read, isn't ELF, or is another build than the one asked for. */
static Elf *open_elf(const char *path, const char *build_id) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
  bool fits = elf && elf_kind(elf) == ELF_K_ELF;
  if (fits && build_id) {
    char *found = build_id_of(elf);
    fits = !found || strcasecmp(found, build_id) == 0;
    free(found);
  }
  if (fits) return elf; /* the descriptor stays with it */
  elf_end(elf);
  close(fd);
  return NULL;
}

static Elf_Scn *find_section(Elf *elf, const char *name) {
  size_t names;
  if (!elf || elf_getshdrstrndx(elf, &names) != 0) return NULL;
  for (Elf_Scn *s = NULL; (s = elf_nextscn(elf, s));) {
    GElf_Shdr header;
    if (!gelf_getshdr(s, &header)) continue;
    const char *n = elf_strptr(elf, names, header.sh_name);
    if (n && strcmp(n, name) == 0) return s;
  }
  return NULL;
}

static bool has_debug_info(Elf *elf) { return find_section(elf, ".debug_info") || find_section(elf, ".zdebug_info"); }

static bool try_debug_file(struct module *m, const char *build_id, char *path) {
  Elf *elf = open_elf(path, build_id);
  free(path);
  if (!elf) return false;
  if (!has_debug_info(elf)) return elf_end(elf), false;
  m->debug_elf = elf;
  return true;
}

static void find_debug_file(struct module *m) {
  char *id = build_id_of(m->elf);
  if (id && strlen(id) > 2 && try_debug_file(m, id, mem_format("/usr/lib/debug/.build-id/%.2s/%s.debug", id, id + 2)))
    return free(id);
  GElf_Word crc;
  const char *link = dwelf_elf_gnu_debuglink(m->elf, &crc);
  char *real = realpath(m->path, NULL);
  char *slash = real ? strrchr(real, '/') : NULL;
  if (link && slash) {
    int n = (int)(slash - real);
    if (!try_debug_file(m, id, mem_format("%.*s/%s", n, real, link)) &&
        !try_debug_file(m, id, mem_format("%.*s/.debug/%s", n, real, link)))
      try_debug_file(m, id, mem_format("/usr/lib/debug%.*s/%s", n, real, link));
  }
  free(real);
  free(id);
}

/* The program itself can be read through the running process even when its file is gone or replaced. */
static Elf *open_running(const char *path, const char *build_id, int64_t pid) {
  char link[32], target[4096];
  snprintf(link, sizeof link, "/proc/%lld/exe", (long long)pid);
  ssize_t n = pid > 0 ? readlink(link, target, sizeof target - 1) : -1;
  if (n < 0) return NULL;
  target[n] = 0;
  return has_prefix(target, path) ? open_elf(link, build_id) : NULL;
}

/* A report without names should say why; once for each module, as modules are kept. */
static void warn_missing(const char *path, const char *build_id) {
  if (path[0] != '/') return; /* no file: what the kernel maps, or an address in no module */
  Elf *other = build_id ? open_elf(path, NULL) : NULL;
  if (other)
    gw__warn("%s was built anew since (build id %s is asked for): its frames have no names", path, build_id);
  else
    gw__warn("%s can't be read as a program: its frames have no names", path);
  elf_end(other);
}

static struct module *load(const char *path, const char *build_id, int64_t pid) {
  struct module *m = mem_alloc(sizeof *m);
  m->path = mem_strdup(path);
  m->build_id = mem_strdup(build_id);
  elf_version(EV_CURRENT);
  m->elf = open_elf(path, build_id);
  if (!m->elf) m->elf = open_running(path, build_id, pid);
  if (!m->elf) return warn_missing(path, build_id), m;
  if (!has_debug_info(m->elf)) find_debug_file(m);
  return m;
}

struct module *module_open(const char *path, const char *build_id, int64_t pid) {
  for (struct module *m = modules; m; m = m->next)
    if (strcmp(m->path, path) == 0 && (!build_id || !m->build_id || strcmp(m->build_id, build_id) == 0)) return m;
  struct module *m = load(path, build_id, pid);
  m->next = modules;
  return modules = m;
}

Elf_Data *module_section(struct module *m, const char *name) {
  Elf_Scn *s = find_section(m->elf, name);
  if (!s) s = find_section(m->debug_elf, name);
  return s ? elf_getdata(s, NULL) : NULL;
}

static int by_address(const void *a, const void *b) {
  const struct module_symbol *x = a, *y = b;
  return x->lo < y->lo ? -1 : x->lo > y->lo;
}

static bool wanted(const GElf_Sym *s) {
  int type = GELF_ST_TYPE(s->st_info);
  return s->st_shndx != SHN_UNDEF && (type == STT_FUNC || type == STT_OBJECT || type == STT_GNU_IFUNC);
}

static void add_symbols(struct module *m, Elf *elf, Elf_Scn *section) {
  GElf_Shdr header;
  Elf_Data *data = elf_getdata(section, NULL);
  if (!data || !gelf_getshdr(section, &header) || header.sh_entsize == 0) return;
  size_t n = header.sh_size / header.sh_entsize;
  m->symbols = mem_grow(m->symbols, (m->symbol_count + n) * sizeof *m->symbols);
  for (size_t i = 0; i < n; i++) {
    GElf_Sym s;
    const char *name;
    if (!gelf_getsym(data, (int)i, &s) || !wanted(&s) || !(name = elf_strptr(elf, header.sh_link, s.st_name))) continue;
    m->symbols[m->symbol_count++] = (struct module_symbol){
        .lo = s.st_value, .hi = s.st_value + s.st_size, .name = name, .object = GELF_ST_TYPE(s.st_info) == STT_OBJECT};
  }
}

static void read_symbols(struct module *m) {
  m->has_symbols = true;
  Elf *elf = m->elf;
  Elf_Scn *s = find_section(elf, ".symtab");
  if (!s && m->debug_elf) s = find_section(elf = m->debug_elf, ".symtab");
  if (!s) s = find_section(elf = m->elf, ".dynsym");
  if (!s) return;
  add_symbols(m, elf, s);
  if (m->symbol_count) qsort(m->symbols, m->symbol_count, sizeof *m->symbols, by_address);
}

const struct module_symbol *module_find_symbol(struct module *m, uint64_t address, bool object) {
  if (!m->elf) return NULL;
  if (!m->has_symbols) read_symbols(m);
  size_t lo = 0, hi = m->symbol_count; /* first symbol beyond the address */
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    if (m->symbols[mid].lo <= address)
      lo = mid + 1;
    else
      hi = mid;
  }
  enum { LOOK_BACK = 64 }; /* aliases and nested symbols at one place; a guess */
  for (size_t i = lo; i > 0 && lo - i < LOOK_BACK; i--) {
    const struct module_symbol *s = &m->symbols[i - 1];
    if (s->object == object && address < s->hi) return s;
  }
  return NULL;
}
