// RUN: clang -O2 -mllvm -godwit-polls=0 -S | TIGHT
// RUN: clang -O3 -fPIC -fno-vectorize -S | AFTER
// RUN: clang -O2 -fPIE -fno-vectorize -S | AFTER
// RUN: clang -O2 -fno-pie -fno-vectorize -S | AFTER
// The hot path's instructions, and what is loaded again after a call.
void other(void);

// Shift, load, compare, branch: nothing about the thread inside the loop.
// TIGHT-LABEL: walk:
// TIGHT: %fs:(
// TIGHT: {{^}}[[LOOP:\.LBB[0-9_]+]]:{{.*}}Loop
// TIGHT-NOT: %fs
// TIGHT: shrq $3, [[GRANULE:%[a-z0-9]+]]
// TIGHT-NEXT: movl ({{%[a-z0-9]+}},[[GRANULE]],4), [[CELL:%[a-z0-9]+]]
// TIGHT-NEXT: xorl {{%[a-z0-9]+}}, [[CELL]]
// TIGHT-NEXT: jne
// TIGHT-NOT: %fs
// TIGHT: jne [[LOOP]]
struct node {
  long value;
  struct node *next;
};
void walk(struct node *n, long by) {
  for (; n; n = n->next) n->value += by;
}

// AFTER-LABEL: around:
// AFTER: %fs:(
// AFTER: call{{.*}} other
// AFTER: %fs:(
// AFTER: ret
void around(long *p) {
  *p = 1;
  other();
  *p = 2;
}

// AFTER-LABEL: turns:
// AFTER: [[LOOP:\.LBB[0-9_]+]]:{{.*}}Loop
// AFTER: call{{.*}} other
// AFTER: %fs:(
// AFTER: j{{n?e}} [[LOOP]]
void turns(long *p, int n) {
  for (int i = 0; i < n; i++) {
    other();
    p[i & 1] = i;
  }
}
