/* Threads that the program made itself use the API: each is a goroutine locked to its thread. */
#include "check.h"

#include <pthread.h>

static gw_chan(int) c;
static gw_mutex mu;
static gw_cond cond = GW_COND_INIT(&mu);
static gw_waitgroup all;
static long counter;
static int go;

static void *worker(void *arg) {
  int n = *(int *)arg;
  gw_set_name("thread %d", n);
  CHECK(gw_goid() > 1);
  for (int i = 0; i < 200; i++) {
    gw_send(c, n);
    gw_mutex_lock(&mu);
    counter++;
    gw_mutex_unlock(&mu);
    if (i % 50 == 0) gw_yield();
  }
  gw_mutex_lock(&mu);
  while (!go) gw_cond_wait(&cond);
  gw_mutex_unlock(&mu);
  int64_t start = gw_now();
  gw_sleep(2 * GW_MS);
  CHECK(gw_now() - start >= 2 * GW_MS);
  int way = 0;
  gw_select {
    gw_on_recv((gw_chan(int))NULL) { way = 1; }
    gw_on_after(GW_MS) { way = 2; }
  }
  CHECK(way == 2);
  gw_waitgroup_done(&all);
  return NULL;
}

static void receive(int n, gw_chan(long) out) {
  long sum = 0;
  for (int i = 0; i < n; i++) sum += gw_recv(c);
  gw_send(out, sum);
}

static void *start_goroutine(void *out) {
  gw_go(receive, 100, (gw_chan(long))out);
  return NULL;
}

int main(int argc, char **argv) {
  (void)argv;
  enum { N = 8 };
  pthread_t threads[N], starter;
  int numbers[N];
  c = gw_make(int, 3);
  gw_waitgroup_add(&all, N);
  for (int i = 0; i < N; i++) {
    numbers[i] = i;
    CHECK(pthread_create(&threads[i], NULL, worker, &numbers[i]) == 0);
  }
  long sum = 0;
  if (argc > 1) { /* main is an ordinary goroutine by then, else still a thread itself */
    gw_chan(long) out = gw_make(long, 0);
    gw_go(receive, 100 * N, out);
    gw_go(receive, 50 * N, out);
    CHECK(pthread_create(&starter, NULL, start_goroutine, (void *)out) == 0);
    for (int i = 0; i < 200 * N - 150 * N - 100; i++) sum += gw_recv(c);
    for (int i = 0; i < 3; i++) sum += gw_recv(out);
    pthread_join(starter, NULL);
  } else {
    for (int i = 0; i < 200 * N; i++) sum += gw_recv(c);
  }
  CHECK(sum == 200 * N * (N - 1) / 2);
  gw_mutex_lock(&mu);
  go = 1;
  gw_mutex_unlock(&mu);
  gw_cond_broadcast(&cond);
  gw_waitgroup_wait(&all);
  for (int i = 0; i < N; i++) pthread_join(threads[i], NULL);
  CHECK(counter == 200 * N);
  while (gw_num_goroutine() > 1) gw_sleep(GW_MS); /* the threads are gone, and so are their goroutines */
  return 0;
}
