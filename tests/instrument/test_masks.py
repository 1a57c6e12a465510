"""Inline checks of accesses at any address ask for exactly the bytes that are accessed."""

import re

import godwit_testing as gt
from instrument_testing import CLANG, PASS, command

SIZES = {2: "uint16_t", 4: "uint32_t", 8: "uint64_t", 16: "unsigned __int128"}
CASES = [(write, size, offset, byte) for write in (0, 1) for size in SIZES for offset in range(8) for byte in range(size)]
HEAD = """
#define TURN_THREADS
#include "barrier.h"
#include <pthread.h>
#define SLOT 32
static volatile char memory[%d][SLOT] __attribute__((aligned(SLOT)));
static volatile char sink;
"""
MAIN = """
static void *other(void *arg) { (void)arg; turn_wait(2); for (int i = 0; i < CASES; i++) others[i](); turn_done(); return 0; }
int main(void) {
  pthread_t t;
  pthread_create(&t, 0, other, 0);
  turn_wait(1);
  for (int i = 0; i < CASES; i++) ours[i]();
  turn_done();
  turn_wait(3);
  pthread_join(t, 0);
  return 0;
}
"""


def source():
    """For each size, offset and byte: all other bytes are recorded one by one, then the access, and another races with the byte."""
    text = [HEAD % len(CASES)]
    text += [f"typedef struct {{ {t} v; }} __attribute__((packed)) u{n};\n" for n, t in SIZES.items()]
    for i, (write, size, offset, byte) in enumerate(CASES):
        at = f"memory[{i}] + {offset}"
        single = "p[k] = 1" if write else "sink = p[k]"
        whole = f"((volatile u{size} *)p)->v = 1;" if write else f"(void)((volatile u{size} *)p)->v;"
        text.append(f"static __attribute__((noinline)) void singly{i}(void) {{ volatile char *p = {at};"
                    f" for (int k = 0; k < {size}; k++) if (k != {byte}) {single}; }}\n"
                    f"static __attribute__((noinline)) void access{i}(volatile char *p) {{\n"
                    f"  {whole} /* OURS {i} */\n}}\n"
                    f"static void ours{i}(void) {{ singly{i}(); access{i}({at}); }}\n"
                    f"static void other{i}(void) {{\n  memory[{i}][{offset + byte}] = 2; /* OTHER {i} */\n}}\n")
    text.append(f"#define CASES {len(CASES)}\n")
    for name in ("ours", "others"):
        text.append(f"static void (*const {name}[])(void) = {{{', '.join(name.rstrip('s' if name == 'others' else '') + str(i) for i in range(len(CASES)))}}};\n")
    return "".join(text) + MAIN


def lines(text, mark):
    return {n: int(m[1]) for n, line in enumerate(text.splitlines(), 1) for m in re.finditer(rf"/\* {mark} (\d+) \*/", line)}


def test_each_byte_is_asked_for(tmp_path):
    file = tmp_path / "masks.c"
    file.write_text(source())
    program = gt.compile_c([file], tmp_path / "masks", "-O2", "-g", f"-I{gt.INCLUDE}", "-pthread")
    run = gt.run_race(program, folder=tmp_path)
    ours, others = lines(source(), "OURS"), lines(source(), "OTHER")
    found = set()
    for finding in run.findings:
        at = [(gt.user_frame(access, file) or {}).get("line") for access in finding["accesses"]]
        found |= {ours[a] for a in at for b in at if a in ours and b in others and ours[a] == others[b]}
    assert found == set(range(len(CASES))), [CASES[i] for i in sorted(set(range(len(CASES))) - found)][:20]


def test_tables(tmp_path):
    """The tables, worked out another way: cell by cell and byte by byte."""
    (tmp_path / "t.c").write_text("#include <stdint.h>\n" + "".join(
        f"typedef struct {{ {t} v; }} __attribute__((packed)) u{n}; {t} f{n}(u{n} *p) {{ return p->v; }}\n"
        for n, t in SIZES.items()))
    text = command(CLANG, "-O2", "-S", "-emit-llvm", *PASS, tmp_path / "t.c", "-o", "-")
    for size in SIZES:
        words = [int(w) % 2**64 for w in re.findall(r"i64 (-?\d+)", re.search(rf"@__gw_masks{size} = .*?\[.*?\[(.*?)\]", text)[1])]
        want = []
        for offset in range(8):
            cells = [0] * 4
            for byte in range(offset, offset + size):
                cells[byte // 8] |= 0xffffff00 | 1 << byte % 8
            want.append(cells[0] + cells[1] * 2**32)
            if size > 8:
                want.append(cells[2] * 2**32)
        assert words == want
