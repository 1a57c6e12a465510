#define _GNU_SOURCE
#include "symbol.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "base/prim.h"

/* The file looked at last. */
static struct {
  char path[512];
  const char *bytes; /* NULL: unreadable, or none yet */
  size_t n;
} file;

struct search {
  uintptr_t pc;
  const char *path;
  uintptr_t bias;
  bool found, first;
};

static int search_module(struct dl_phdr_info *info, size_t size, void *arg) {
  struct search *s = arg;
  (void)size;
  bool first = s->first;
  s->first = false;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
    uintptr_t lo = info->dlpi_addr + ph->p_vaddr;
    if (ph->p_type != PT_LOAD || s->pc < lo || s->pc >= lo + ph->p_memsz) continue;
    s->path = first || !info->dlpi_name[0] ? "/proc/self/exe" : info->dlpi_name; /* the executable comes first */
    s->bias = info->dlpi_addr;
    s->found = true;
    return 1;
  }
  return 0;
}

static bool file_open(const char *path) {
  if (strcmp(file.path, path) != 0) {
    if (file.bytes) prim_unmap((void *)(uintptr_t)file.bytes, file.n);
    snprintf(file.path, sizeof file.path, "%s", path);
    file.bytes = prim_map_file(path, &file.n);
  }
  return file.bytes && file.n > sizeof(ElfW(Ehdr)) && memcmp(file.bytes, ELFMAG, SELFMAG) == 0;
}

static bool inside(size_t at, size_t n) { return at <= file.n && n <= file.n - at; }

/* Looks through one symbol table; better: .symtab, which has the static functions. */
static void table_search(const ElfW(Shdr) * table, const ElfW(Shdr) * strings, uintptr_t off, struct symbol *s) {
  if (!inside(table->sh_offset, table->sh_size) || !inside(strings->sh_offset, strings->sh_size)) return;
  const ElfW(Sym) *sym = (const void *)(file.bytes + table->sh_offset);
  for (size_t i = 0; i < table->sh_size / sizeof *sym; i++) {
    if (ELF64_ST_TYPE(sym[i].st_info) != STT_FUNC || off < sym[i].st_value || off >= sym[i].st_value + sym[i].st_size)
      continue;
    if (sym[i].st_name >= strings->sh_size) continue;
    snprintf(s->function, sizeof s->function, "%.*s", (int)(strings->sh_size - sym[i].st_name),
             file.bytes + strings->sh_offset + sym[i].st_name);
    s->function_off = off - sym[i].st_value;
    return;
  }
}

static void file_search(uintptr_t off, struct symbol *s) {
  const ElfW(Ehdr) *eh = (const void *)file.bytes;
  if (eh->e_shentsize != sizeof(ElfW(Shdr)) || !inside(eh->e_shoff, (size_t)eh->e_shnum * sizeof(ElfW(Shdr)))) return;
  const ElfW(Shdr) *sh = (const void *)(file.bytes + eh->e_shoff);
  for (int pass = 0; pass < 2 && !s->function[0]; pass++)
    for (int i = 0; i < eh->e_shnum && !s->function[0]; i++)
      if (sh[i].sh_type == (pass == 0 ? SHT_SYMTAB : SHT_DYNSYM) && sh[i].sh_link < eh->e_shnum)
        table_search(&sh[i], &sh[sh[i].sh_link], off, s);
}

static const char *exe_name(void) {
  static char name[512];
  if (!name[0]) {
    long n = prim_readlink("/proc/self/exe", name, sizeof name - 1);
    name[n > 0 ? n : 0] = 0;
  }
  return name[0] ? name : "/proc/self/exe";
}

bool symbol_find(uintptr_t pc, struct symbol *s) {
  struct search search = {.pc = pc, .first = true};
  s->function[0] = 0;
  s->function_off = 0;
  dl_iterate_phdr(search_module, &search);
  if (!search.found) return false;
  s->module_off = pc - search.bias;
  s->module = strcmp(search.path, "/proc/self/exe") == 0 ? exe_name() : search.path;
  if (file_open(search.path)) file_search(s->module_off, s);
  return true;
}
