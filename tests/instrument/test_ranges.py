"""Range checks of loops: FileCheck, random loops beside a build with every check in place, races at a range's ends."""

import random

import pytest
from claims_testing import CASES, HEAD, compare
from instrument_testing import LTO

TYPES = ["char", "short", "int", "long", "float", "double"]
HEADS = [
    "for ({i} i = {lo}; i < n; i += {step})",
    "for ({i} i = {lo}; i != n + {lo}; i++)",
    "for ({s} i = n - 1; i >= {lo}; i -= {step})",
    "for ({s} i = n; i-- > {lo};)",
    "for ({i} i = 0; i + 1 < n + 1; i++)",
    "{i} i = {lo}; while (i++ < n)",
    "{i} i = {lo}; if (n > {lo}) do",
    "for ({i} i = 0;; i++)",  # leaves in the middle
]
STATEMENTS = [
    "A[{x}i + {c}] = ({t}){k};",
    "A[{x}i + {c}] += B[{x}i + {d}];",
    "A[i] += ({t}){k};",
    "A[i] = B[i] + B[i + 1] + B[(long)i - 1];",
    "s += A[{x}i + {c}];",
    "s += A[{x}i + {c}] + B[(long)n - (long)i];",
    "B[(long)n - (long)i] = ({t})i;",
    "A[2 * i] = 1; A[2 * i + 1] = 2;",
    "A[{x}3 * i + {c}] = ({t}){k};",
    "s += A[{x}i + {c}] + A[i + 6];",
    "s += A[4 * i] + A[4 * i + 3];",
    "A[0] += B[i];",
    "s += A[{c}];",
    "if (B[i] > 9) A[{x}i + {c}] = 1;",
    "if (i & 1) s += A[i];",
    "s += P[i].x; P[i].y = (int)i;",
    "P[i].x = 1; P[i].y = 2; P[i].z = 3;",
    "{{ long x; memcpy(&x, (char *)A + i, 8); s += x; }}",
    "A[i & {m}] = ({t}){k};",
    "s += P[(i & {m}) + 1].x + P[(i & {m}) + 1].y; P[(i & {m}) + 1].z = 1;",
    "A[((unsigned long)i & ~{m}ul) * 2 + ((unsigned long)i & {m}ul)] += 1;",
    "s += B[(unsigned long)i % {c2}];",
    "B[{m} - ((unsigned long)i & {m}ul)] = ({t})i;",
    "ok = ok && A[{x}i + {c}] != ({t}){k2};",
    "ok = ok && A[i] != ({t}){k2} && B[i] != ({t}){k}; s += ok;",
    "if (ok) ok = P[i].x + P[i].y != {k2};",
    "bad = bad || (i & 3) == 3 || A[i] == ({t}){k2};",
    "if (i & 1) ok = ok && B[i] != ({t}){k2};",
    "if ((long)B[i] & 1) A[m++] = ({t}){k};",
    "if ((long)B[i] & 1) s += A[(long){c} - (long)m], m += B[i] > 9;",
    "if (i % 3) P[m++ / 2].z = 1;",
    "if (i & 2) {{ long x; memcpy(&x, (char *)B + i + {c}, 8); s += x; }}",
    "if ((long)B[i] & 1) {{ int x = {k}; memcpy((char *)A + m + {d}, &x, 4); m += 3; }}",
]
RARE = [
    "if (A[i] == ({t})7) break;",
    "if (A[i] == ({t})9) continue;",
    "if (i == 12) return s;",
    "if (i % 8 == 3) phase();",
    '__asm__ volatile("" ::: "memory");',
    "s += *(volatile {t} *)&A[i];",
    "for (long j = 0; j < width; j++) A[i * width + j] += ({t})j;",
    "for (int j = 0; j < 3; j++) s += B[i + j];",
    "for (long j = 0; j < 40; j++) if (A[j] == ({t}){k}) break;",
    "for (long j = 40; --j > -9;) {{ s++; if (B[j] == ({t}){k2}) break; A[j + {c}]++; }}",
    "while (q < end && *q != ({t}){k2}) q++;",
    "do q++; while (q < end && (*q = ({t})(*q + 1)) != ({t}){k2});",
    "do r--; while (r > A - 9 && *r != ({t}){k2}); if (r > A) *r = 1;",
    "while (q < end && q[0] + q[1] != ({t}){k2}) q += 2, s++;",
    "do q++; while (q < end && *q > ({t}){k2}); do r--; while (r > A - 40 && *r < ({t}){k2}); if (q < end && r > A - 40) *q = *r, *r = ({t}){k};",
    "for (long j = 0; j < width; j++) {{ if ((long)A[j] & 2) B[m++] = ({t})j; if (m == 30) break; }}",
    "for (unsigned long j = 0, step = 1; j < 150; j += step) {{ short x; memcpy(&x, (char *)B + j, 2); if (x % 64 == {k2}) break; step += x & 1; }}",
    "__atomic_fetch_add((int *)b - 64, 1, __ATOMIC_RELAXED);",
]


def make_loop(rng, number):
    """A C function with one loop of random form and content."""
    t = rng.choice(TYPES)
    unsigned = rng.random() < 0.4
    index = rng.choice(["unsigned", "unsigned long", "unsigned short"] if unsigned else ["int", "long"])
    head = rng.choice([h for h in HEADS if not (unsigned and "{s}" in h)])
    fill = {"t": t, "i": index, "s": index if not unsigned else "long", "lo": rng.choice([0, 0, 1, 2]),
            "step": rng.choice([1, 1, 1, 2, 4]), "x": "(long)" if unsigned else ""}
    body = rng.choices(STATEMENTS, k=rng.choice([1, 1, 2, 3])) + rng.choices(RARE, k=rng.random() < 0.4)
    rng.shuffle(body)
    if ";;" in head:
        body.insert(rng.randrange(len(body) + 1), "if (i >= n) break;")
    text = [s.format(**fill, c=rng.choice([0, 0, 1, -1, 2]), d=rng.choice([0, 0, 1, -2]), k=rng.randrange(100), k2=rng.randrange(31),
                     m=rng.choice([3, 7, 15]), c2=rng.choice([5, 8, 16]))
            for s in body]
    tail = " while (++i < n);" if head.endswith("do") else ""
    join = rng.choice([" ", "\n    "])
    return (f"long F({number})(char *a, char *b, long turns, long width) {{\n"
            f"  {t} *{'restrict ' if rng.random() < 0.3 else ''}A = ({t} *)a, *B = ({t} *)b;\n"
            f"  struct point *P = (struct point *)a;\n"
            f"  {fill['s'] if '{s}' in head else index} n = ({index})turns;\n  long s = width;\n  {t} *q = B, *end = B + 40, *r = A + 40;\n  unsigned long m = 0;\n  _Bool ok = 1, bad = 0;\n  (void)B, (void)m, (void)P, (void)ok, (void)bad, (void)q, (void)r, (void)end;\n"
            f"  {head.format(**fill)} {{\n    {join.join(text)}\n  }}{tail}\n  return s + ok + bad;\n}}\n")


def make_source(seed):
    rng = random.Random(seed)
    head = HEAD + "struct point { long x; int y, z; };\n"
    return head + "".join(make_loop(rng, i) for i in range(CASES))


FLAGS = ["-O1", "-O2", "-O3", "-Os", "-Oz", "-O3 -mavx2", "-O2 -fno-vectorize -fno-slp-vectorize -funroll-loops", LTO[1]]


@pytest.mark.parametrize("flags", FLAGS)
def test_claims_are_those_of_the_loop(flags, full, claims_objects, tmp_path):
    """Byte by byte, and phase by phase between calls."""
    for seed in range(10 if full else 1):
        audit, ranges = compare(flags, make_source(f"{flags} {seed}"), claims_objects, tmp_path)
        assert ranges < 0.8 * audit, f"seed {seed}"  # or nothing is tested
