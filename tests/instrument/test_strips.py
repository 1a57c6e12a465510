"""Loops that are cut into strips turn as often as before."""

import pytest

from instrument_testing import CLANG, PASS, command

HEADS = [
    "for (T i = a; i < b; i += S)", "for (T i = a; i <= b && i >= a; i += S)", "for (T i = b; i > a; i -= S)",
    "for (T i = b; i >= a && i <= b; i -= S)", "for (T i = a; i != (T)(a + (T)(n * S)); i += S)",
    "for (T i = b; i != (T)(b - (T)(n * S)); i -= S)", "T i = a; do", "T i = b; do",
]
TAILS = {6: " while ((i += S) < b);", 7: " while ((i -= S) > a);"}
TYPES = ["int", "unsigned", "long", "unsigned long", "short"]
MAIN = """
#include <limits.h>
#include <stdio.h>
int main(void) {
  static const long starts[] = {0, 1, -5, 7, 100, INT_MAX - 70L, INT_MIN + 3L, SHRT_MAX - 70};
  for (unsigned f = 0; f < sizeof all / sizeof *all; f++)
    for (unsigned s = 0; s < sizeof starts / sizeof *starts; s++)
      for (long n = 1; n < 20; n++) printf("%u %lx\\n", f, all[f](starts[s], n));
  return 0;
}
"""


def source():
    loops = []
    for t in TYPES:
        for step in (1, 2, 3):
            for i, head in enumerate(HEADS):
                loops.append((t, step, head, TAILS.get(i, "")))
    text = [f"#define T {t}\n#define S {step}\n__attribute__((noinline)) static unsigned long f{i}(long start, long n) {{\n"
            f"  T a = (T)start, b = (T)(start + n * S);\n  unsigned long x = (unsigned long)n;\n  (void)a, (void)b;\n"
            f"  {head} {{ x = (x ^ x >> 7) * 77777 + (unsigned long)i; }}{tail}\n  return x;\n}}\n#undef T\n#undef S\n"
            for i, (t, step, head, tail) in enumerate(loops)]
    names = ", ".join(f"f{i}" for i in range(len(loops)))
    return "".join(text) + f"static unsigned long (*const all[])(long, long) = {{{names}}};\n" + MAIN


@pytest.mark.parametrize("level", ["-O1", "-O2", "-O3"])
def test_results_are_the_same(level, tmp_path):
    (tmp_path / "s.c").write_text(source())
    said = []
    for name, option in (("uncut", "-godwit-polls=0"), ("cut", "-godwit-strip=3")):
        remarks = command(CLANG, level, "-w", "-fwrapv", *PASS, "-mllvm", "-godwit-mode=plain", "-mllvm", option, "-Rpass=godwit",
                          tmp_path / "s.c", "-o", tmp_path / name)
        said.append(command(tmp_path / name))
    assert remarks.count("1 between strips") > 40  # or nothing is tested
    assert said[0] == said[1]
