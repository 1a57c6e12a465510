"""Generated functions, built with every check in place and as usual: whether both claim the same bytes (run/claims_main.c)."""

from instrument_testing import CLANG, PASS, command

CASES = 80  # functions in one program, F(0) and up
HEAD = """#include <setjmp.h>
#include <string.h>
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define F(n) JOIN(PREFIX, n)
void phase(void);
extern jmp_buf way_out;
"""


def compare(flags, text, objects, folder):
    """Number of checks that reached the runtime: with all in place, and as usual. Every poll calls the mock, and loops are
    cut into strips of three turns in the one and not at all in the other."""
    source, objects = folder / "claims.c", list(objects)
    source.write_text(text)
    for prefix, more in (("audit_", ["-mllvm", "-godwit-audit", "-mllvm", "-godwit-polls=0"]),
                         ("usual_", ["-mllvm", "-godwit-strip=3"])):
        objects.append(folder / f"{prefix}.o")
        code = [f for f in flags.split() if not f.startswith("-fuse-ld")]
        command(CLANG, "-g", "-w", *code, "-fno-strict-aliasing", *PASS, *more, f"-DPREFIX={prefix}", "-c", source, "-o",
                objects[-1])
    command(CLANG, *(flags.split() if "lto" in flags else []), *objects, "-o", folder / "claims")
    return map(int, command(folder / "claims").split())
