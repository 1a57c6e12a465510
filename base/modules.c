/* modules.h */
#define _GNU_SOURCE
#include "base/modules.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MODULES_MAX = 512 };
static struct module modules[MODULES_MAX];
static unsigned modules_n;

const char *program_path(void) {
  static char path[512];
  if (!path[0]) {
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
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
  (void)arg;
  if (modules_n == MODULES_MAX) return 1;
  struct module *m = &modules[modules_n];
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
  }
  const char *name = info->dlpi_name && *info->dlpi_name ? info->dlpi_name : modules_n == 0 ? program_path() : "[vdso]";
  snprintf(m->path, sizeof m->path, "%s", name);
  if (m->hi) modules_n++;
  return 0;
}

void modules_refresh(void) {
  modules_n = 0;
  dl_iterate_phdr(add_module, NULL);
}

struct module *module_at(uintptr_t addr) {
  for (unsigned i = 0; i < modules_n; i++)
    if (addr >= modules[i].lo && addr < modules[i].hi) return &modules[i];
  return NULL;
}

void modules_json(struct text *t) {
  const char *separator = "";
  text_add(t, "{");
  for (unsigned i = 0; i < modules_n; i++) {
    struct module *m = &modules[i];
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
