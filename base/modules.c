/* modules.h: what the dynamic linker has loaded. */
#define _GNU_SOURCE
#include "base/modules.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/prim.h"

static const uintptr_t page_mask = PRIM_PAGE - 1;

const char *program_path(void) {
  static char path[512];
  if (!path[0]) {
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    /* The first thread may have ended before the others. */
    if (n < 0) n = readlink("/proc/thread-self/exe", path, sizeof path - 1);
    if (n < 0) snprintf(path, sizeof path, "?");
  }
  return path;
}

static void find_build_id(struct module *m, const ElfW(Phdr) * ph, uintptr_t bias) {
  uintptr_t at = bias + ph->p_vaddr, end = at + ph->p_memsz;
  while (at + sizeof(ElfW(Nhdr)) <= end) {
    const ElfW(Nhdr) *n = (const ElfW(Nhdr) *)at;
    uintptr_t name = at + sizeof *n, desc = name + ((n->n_namesz + 3u) & ~3u);
    if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 && memcmp((const void *)name, "GNU", 4) == 0) {
      m->build_id_n = n->n_descsz < sizeof m->build_id ? n->n_descsz : (unsigned)sizeof m->build_id;
      memcpy(m->build_id, (const void *)desc, m->build_id_n);
      return;
    }
    at = desc + ((n->n_descsz + 3u) & ~3u);
  }
}

static int add_module(struct dl_phdr_info *info, size_t size, void *arg) {
  (void)size;
  struct modules *all = arg;
  if (all->n == MODULES_MAX) return 1;
  struct module *m = &all->at[all->n];
  memset(m, 0, sizeof *m);
  m->bias = info->dlpi_addr;
  m->lo = UINTPTR_MAX;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
    if (ph->p_type == PT_NOTE && !m->build_id_n) find_build_id(m, ph, m->bias);
    if (ph->p_type != PT_LOAD) continue;
    uintptr_t lo = m->bias + ph->p_vaddr, hi = lo + ph->p_memsz;
    if (lo < m->lo) m->lo = lo;
    if (hi > m->hi) m->hi = hi;
    if (ph->p_flags & PF_X && !m->text_hi) {
      m->text_lo = lo & ~page_mask;
      m->text_hi = (hi + page_mask) & ~page_mask;
      m->text_offset = ph->p_offset & ~(uint64_t)page_mask;
    }
  }
  const char *name = info->dlpi_name && *info->dlpi_name ? info->dlpi_name : all->n == 0 ? program_path() : "[vdso]";
  snprintf(m->path, sizeof m->path, "%s", name);
  if (m->hi) all->n++;
  return 0;
}

void modules_read(struct modules *m) {
  m->n = 0;
  dl_iterate_phdr(add_module, m);
}

struct module *modules_find(struct modules *m, uintptr_t addr) {
  for (unsigned i = 0; i < m->n; i++)
    if (addr >= m->at[i].lo && addr < m->at[i].hi) return &m->at[i];
  return NULL;
}

static struct modules modules;

void modules_refresh(void) { modules_read(&modules); }

struct module *module_at(uintptr_t addr) { return modules_find(&modules, addr); }

void modules_json(struct text *t) {
  const char *separator = "";
  text_add(t, "{");
  for (unsigned i = 0; i < modules.n; i++) {
    struct module *m = &modules.at[i];
    if (!m->used) continue;
    text_add(t, "%s", separator);
    text_json(t, m->path);
    text_add(t, ":\"");
    for (unsigned b = 0; b < m->build_id_n; b++) text_add(t, "%02x", m->build_id[b]);
    text_add(t, "\"");
    separator = ",";
  }
  text_add(t, "}");
}
