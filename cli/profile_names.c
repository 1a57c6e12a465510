/* Names for a profile's addresses, from the program's own file: for profiles written where no symboliser could be
 * started. */
#include <gelf.h>

#include "cli/frames.h"
#include "cli/mem.h"
#include "cli/module.h"
#include "cli/paths.h"
#include "cli/profile.h"

/* The address in the file's symbol table of what lies at `address` in the process; 0 if that can't be told. */
static uint64_t file_address(struct module *m, const struct profile_mapping *map, uint64_t address) {
  size_t n = 0;
  GElf_Phdr ph;
  if (!m->elf || elf_getphdrnum(m->elf, &n) != 0) return 0;
  uint64_t offset = address - map->start + map->offset;
  for (size_t i = 0; i < n; i++) {
    if (!gelf_getphdr(m->elf, (int)i, &ph) || ph.p_type != PT_LOAD) continue;
    if (offset >= ph.p_offset && offset < ph.p_offset + ph.p_filesz) return offset - ph.p_offset + ph.p_vaddr;
  }
  return 0;
}

static void add_line(struct profile_location *l, const struct source_frame *f) {
  struct profile_function *function = mem_alloc(sizeof *function);
  *function = (struct profile_function){f->function ? f->function : "", f->file ? f->file : ""};
  l->lines = mem_grow(l->lines, (l->lines_n + 1) * sizeof *l->lines);
  l->lines[l->lines_n++] = (struct profile_line){function, f->line};
}

void profile_name_locations(struct profile *p, struct profile_location *locations, size_t n) {
  (void)p;
  for (size_t i = 0; i < n; i++) {
    struct profile_location *l = &locations[i];
    if (l->lines_n > 0 || !l->mapping || l->mapping->file[0] != '/') continue;
    struct module *m = module_open(l->mapping->file, l->mapping->build_id[0] ? l->mapping->build_id : NULL, 0);
    uint64_t at = file_address(m, l->mapping, l->address);
    struct source_frame frames[FRAMES_MAX];
    size_t count = at ? frames_at(m, at, frames) : 0;
    for (size_t k = 0; k < count; k++) add_line(l, &frames[k]);
  }
}
