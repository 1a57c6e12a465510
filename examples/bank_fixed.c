/* A bank account with a lock that every path takes: the repaired bank_racy.c. */
#include <godwit.h>
#include <stdio.h>
#include <stdlib.h>

struct account {
  gw_mutex mu; /* guards balance */
  long balance;
};

static long audit(struct account *a) {
  gw_mutex_lock(&a->mu);
  long seen = a->balance;
  gw_mutex_unlock(&a->mu);
  return seen;
}

static void withdraw(struct account *a, long amount) {
  gw_mutex_lock(&a->mu);
  a->balance -= amount;
  gw_mutex_unlock(&a->mu);
}

static void deposit(struct account *a, long amount) {
  gw_mutex_lock(&a->mu);
  a->balance += amount;
  gw_mutex_unlock(&a->mu);
}

static void auditor(struct account *a, gw_waitgroup *done) {
  gw_set_name("auditor");
  if (audit(a) < 0) printf("overdrawn\n");
  gw_waitgroup_done(done);
}

static void teller(struct account *a, gw_waitgroup *done) {
  gw_set_name("teller");
  gw_sleep(20 * GW_MS); /* counts the money */
  deposit(a, 50);
  gw_waitgroup_done(done);
}

int main(void) {
  struct account *a = calloc(1, sizeof *a);
  gw_waitgroup done = {0};
  if (!a) return 1;
  deposit(a, 100);
  withdraw(a, 30);
  gw_waitgroup_add(&done, 2);
  gw_go(auditor, a, &done);
  gw_go(teller, a, &done);
  gw_waitgroup_wait(&done);
  printf("balance: %ld\n", a->balance);
  free(a);
}
