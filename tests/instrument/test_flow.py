"""Checks that stand for others, across blocks, calls and ways out: random functions beside a build with every check in place."""

import random

import pytest
from claims_testing import CASES, HEAD, compare
from instrument_testing import LTO

FLAGS = ["-O0", "-O1", "-O2", "-O3", "-Os", "-O2 -fno-vectorize -fno-slp-vectorize -funroll-loops", LTO[1]]
TYPES = """struct part { char c; short h; int i; long l; unsigned f; long d; };
struct __attribute__((packed)) tight { char c; long l; short h; int i; };
struct bits { unsigned a : 3, b : 7, c : 12; int d : 5; long e : 40; };
union both { long l; char c[8]; int d; };
struct node { long key; int left, right; struct { short x, y; } at[2]; };
"""
POINTERS = ["char *A = a, *B = b;", "struct part *P = (struct part *)a, *Q = (struct part *)(a + 96);",
            "struct tight *T = (struct tight *)(b + 3);", "struct bits *F = (struct bits *)(a + 512);",
            "union both *U = (union both *)(b + 256);", "struct node *N = (struct node *)(b + 1024);",
            "long *L = (long *)(a + 1024), *q = L, *end = L + 24;"]
PLACES = ["A[{k}]", "B[{k} + {x}]", "P->{m}", "P[{i}].{m}", "Q->{m}", "Q[{k} & 1].{m}", "T->{t}", "T[{i}].{t}", "F->{b}", "F[{i}].{b}",
          "U->l", "U->c[{k}]", "U[{i}].d", "N->key", "N[{i}].left", "N[{i}].right", "N[1].at[{i} & 1].{p}", "L[{k}]", "L[{x} + {k}]",
          "*q", "q[1]", "*p"]
CONDITIONS = ["{r} & 1", "{r} > {k}", "s & {bit}", "({x} & 3) == {i}", "turns > {k}", "{r} && {r2}", "{r} || {x} > 2",
              "(int){r} == (int){r2}"]
SIMPLE = ["{w} = {k};", "{w} = (int){r};", "{w} = {w} + {k};", "s += (long){r};", "s ^= (long){r} + (long){r2};", "{w} = s & 15;",
          "s = {r} ? s + 1 : s;", "p = s & {bit} ? L + {k} : (long *)(b + 64);", "*P = *Q;", "N[0] = N[1];",
          "memcpy(B + {k}, A + {k2}, 8);", "memset(&Q[1], {i}, sizeof *Q);", "memcpy(&s, A + {k}, 8); s &= 255;",
          "L[{k}] = L[{k} + 1]; L[{k} + 1] = s;", "P->i++; P->l--; P->c = 1;", "s += N->at[0].x + N->at[0].y + N->left + N->right;"]
CALLS = ["phase();", "s += H({h})(a, b, s);", "s += H({h})(a, b, s);", "s += __atomic_load_n(&L[{k}], __ATOMIC_RELAXED);",
         "__atomic_store_n(&U->l, s, __ATOMIC_RELEASE);", "s += {w}; phase(); {w} = {k};", "s ^= (long){r}; s += H({h})(a, b, s); s += {r};",
         "L[{k}] = s; phase(); L[{k} + 1] = {k};", "s += N->key; phase(); s += N->left;"]
LEAVES = ["return s;", "longjmp(way_out, 1);", "goto out;"]
WALKS = ["(at * 5 + {k}) & 7", "at + 1 & 7", "(at + (unsigned)s) & 7", "at ^ {bit}", "{x} + {k}", "at"]  # a table's places, 32 at most
HELPERS = 6  # the last two have phases; F(n) may call each


class Function:
    """A C function of random statements; what it reads decides which of them are executed."""

    def __init__(self, rng, helpers):
        self.rng, self.helpers = rng, helpers
        self.indices, self.loops = ["0"], 0
        self.places = [self.place() for _ in range(rng.choice([3, 5, 8]))]  # few: so they come again

    def pick(self, texts):
        return self.rng.choice(texts)

    def place(self):
        rng = self.rng
        return self.pick(PLACES).format(k=rng.randrange(8), i=rng.randrange(4), m=self.pick("chilfd"), t=self.pick("clhi"),
                                        b=self.pick("abcde"), p=self.pick("xy"), x="{x}")

    def fill(self, text):
        rng = self.rng
        places = {name: (self.pick(self.places) if rng.random() < 0.8 else self.place()) for name in ("r", "r2", "w")}
        x = self.pick(self.indices)
        return text.format(k=rng.randrange(8), k2=rng.choice([32, 40, 45]), i=rng.randrange(4), bit=1 << rng.randrange(5), x=x,
                           h=rng.randrange(max(1, self.helpers)), **{n: p.format(x=x) for n, p in places.items()})

    def block(self, depth, loops):
        return "{ " + " ".join(self.statement(depth, loops) for _ in range(self.rng.choice([1, 2, 2, 3]))) + " }\n"

    def statement(self, depth, loops):
        """`depth` nestings are left, `loops` are around it."""
        kind = self.rng.random()
        if depth == 0 or kind < 0.5:
            return self.fill(self.pick(SIMPLE))
        if kind < 0.56 and self.helpers and loops < 2:
            return self.fill(self.pick(CALLS))
        if kind < 0.6:
            return f"if ({self.fill(self.pick(CONDITIONS))}) {self.pick(LEAVES + ['break;', 'continue;'] * (loops > 0))}"
        if kind < 0.63:
            place = self.fill("{w}")
            return f"s += {place}; {self.seldom(loops)} {self.seldom(loops)} {place} = {self.rng.randrange(31)};"
        if kind < 0.8:
            other = f"else {self.block(depth - 1, loops)}" if self.rng.random() < 0.5 else ""
            return f"if ({self.fill(self.pick(CONDITIONS))}) {self.block(depth - 1, loops)}{other}"
        if kind < 0.85:
            cases = "".join(f"case {i}: {self.block(depth - 1, loops)}{self.pick(['', 'break;'] if loops == 0 else [''])}\n"
                            for i in range(3))
            return f"switch ({self.fill('(int){r}')} & 3) {{\n{cases}}}\n"
        if loops == 2:
            return self.fill(self.pick(SIMPLE))
        return self.loop(depth, loops) if self.rng.random() < 0.6 else self.table(depth, loops)

    def seldom(self, loops):
        """What the compiler takes for a rare way, which ends a region or leaves, mostly."""
        return self.pick(["", f"if (__builtin_expect({self.fill(self.pick(CONDITIONS))}, 0)) " + self.pick(
            ["phase();", "phase();", "s++;", *LEAVES, *["break;", "continue;"] * (loops > 0)])])

    def loop(self, depth, loops):
        self.loops += 1
        i = f"i{self.loops}"
        head = self.pick([f"for (int {i} = 0; {i} < {self.rng.choice([1, 3, 9])}; {i}++)",
                          f"for (long {i} = 0; {i} < turns && {i} < 12; {i}++)", f"for (int {i} = (int)width; {i}-- > 0;)",
                          f"for (int {i} = 0; {i} < 9 && {self.fill('{r}')} != {self.rng.randrange(31)}; {i}++, s++)",
                          f"for (int {i} = 0; q < end && {i} < 12 && *q != {self.rng.randrange(31)}; {i}++, q++)"])
        self.indices.append(i)
        body = self.block(depth - 1, loops + 1)
        self.indices.pop()
        return f"{head} {body}{'q = L;' if 'q++' in head else ''}\n"

    def table(self, depth, loops):
        """What is found at a place is looked at in the turn before the one that overwrites it, or a little earlier."""
        self.loops += 1
        i, at = f"i{self.loops}", f"at{self.loops}"
        self.indices.append(i)
        walk, first = (self.fill(self.pick(WALKS)).replace("at", at) for _ in range(2))
        early, late = (self.statement(depth - 1, loops + 1) for _ in range(2))
        leave = self.seldom(loops + 1) + self.seldom(loops + 1)
        self.indices.pop()
        take = self.pick([f"T{at}[{at}] = {i};", f"T{at}[{at}] = found + {i};", f"if (s & {1 << self.rng.randrange(5)}) T{at}[{at}] = {i};"])
        return (f"{{ int *T{at} = (int *)(b + 2048 + {self.rng.randrange(3) * 8}); unsigned {at} = {self.rng.randrange(8)}, {i} = 0;\n"
                f"{at} = {first} & 31; unsigned next{at} = {at}; int found = T{at}[{at}], other = 0;\n"
                f"for (; {i} < {self.rng.choice([2, 5, 12])} && {i} < turns; {i}++, {at} = next{at}, found = other) {{\n"
                f"{early} {take} next{at} = {walk} & 31; other = T{at}[next{at}]; {leave} {late} s += found; }} }}\n")

    def text(self, head, statements, depth):
        """`out` is reached by falling out, too, and by leaving."""
        body = "".join(self.statement(depth, 0) + "\n" for _ in range(statements))
        return (f"{head} {{\n{' '.join(POINTERS)} long *p = L + 2;\n"
                f"(void)A, (void)B, (void)P, (void)Q, (void)T, (void)F, (void)U, (void)N, (void)end, (void)p;\n"
                f"{body}out:\n{self.fill(self.pick(SIMPLE))}\nreturn s & 0xffff;\n}}\n")


def make_source(seed):
    rng = random.Random(seed)
    text = [HEAD, TYPES, "#define H(n) JOIN(PREFIX, JOIN(helper, n))\n"]
    for i in range(HELPERS):
        head = f"static {rng.choice(['', '__attribute__((noinline)) '])}long H({i})(char *a, char *b, long s)"
        f = Function(rng, 0)
        text.append(f.text(f"{head.replace('long s', 'long turns')}", 2, 2).replace("long *p =", "long s = turns, width = 3; long *p =")
                    .replace("out:\n", "out:\nphase();\n" if i >= HELPERS - 2 else "out:\n"))
    for i in range(CASES):
        f = Function(rng, HELPERS)
        text.append(f.text(f"long F({i})(char *a, char *b, long turns, long width)", rng.choice([3, 6, 10]), 3)
                    .replace("long *p =", "long s = width; long *p ="))
    return "".join(text)


@pytest.mark.parametrize("flags", FLAGS)
def test_claims_are_those_of_the_function(flags, full, claims_objects, tmp_path):
    """Byte by byte, and phase by phase between calls."""
    for seed in range(10 if full else 1):
        audit, usual = compare(f"{flags} -fwrapv", make_source(f"{flags} {seed}"), claims_objects, tmp_path)
        assert usual < 0.98 * audit, f"seed {seed}"  # or nothing is tested
