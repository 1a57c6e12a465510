/* What POSIX threads, C11 threads and libc order, and what they don't; and the memory that changes hands. */
#define CONFORMANCE_THREADS
#include "conformance.h"

#include <fcntl.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>

/* clang-format off */
typedef pthread_mutex_t mutex;
#define MUTEX PTHREAD_MUTEX_INITIALIZER
#define LOCKED(m, ...) pthread_mutex_lock(&m); __VA_ARGS__; pthread_mutex_unlock(&m)
static FAR int value(int n) { __asm__ volatile("" : "+r"(n)); return n; }

/* --- mutexes --- */
EDGE(mutex, static mutex m1 = MUTEX; static int a1, , { LOCKED(m1, a1++); }, { LOCKED(m1, a1++); })
OPEN(two_mutexes, static mutex m2 = MUTEX; static mutex n2 = MUTEX; static int a2, , IN_TURN(1, LOCKED(m2, a2++)), IN_TURN(2, LOCKED(n2, a2++)))
OPEN(mutex_on_one_side, static mutex m3 = MUTEX; static int a3, , IN_TURN(1, LOCKED(m3, a3++)), IN_TURN(2, a3++))
OPEN(after_unlock, static mutex m4 = MUTEX; static int a4, , IN_TURN(1, LOCKED(m4, ); a4++), IN_TURN(2, LOCKED(m4, ); a4++))
EDGE(before_lock, static mutex m5 = MUTEX; static int a5, , IN_TURN(1, a5++; LOCKED(m5, )), IN_TURN(2, LOCKED(m5, ); a5++))
EDGE(trylock, static mutex m6 = MUTEX; static int a6, , { LOCKED(m6, a6++); }, { while (pthread_mutex_trylock(&m6)) sched_yield(); a6++; pthread_mutex_unlock(&m6); })
OPEN(trylock_fails, static mutex m7 = MUTEX; static int a7, , { IN_TURN(1, pthread_mutex_lock(&m7); a7++); IN_TURN(3, pthread_mutex_unlock(&m7)); }, IN_TURN(2, MUST(pthread_mutex_trylock(&m7) == EBUSY); a7++))
EDGE(timedlock, static mutex m8 = MUTEX; static int a8; static const struct timespec late = {.tv_sec = 1L << 40}, , { LOCKED(m8, a8++); }, { pthread_mutex_timedlock(&m8, &late); a8++; pthread_mutex_unlock(&m8); })
EDGE(recursive, static mutex m9 = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP; static int a9, , { LOCKED(m9, LOCKED(m9, a9++); a9++); }, { LOCKED(m9, a9++); })
OPEN(recursive_inner_unlock, static mutex ma = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP; static int aa, , { turn_wait(1); pthread_mutex_lock(&ma); LOCKED(ma, ); pthread_mutex_unlock(&ma); aa++; turn_done(); }, IN_TURN(2, LOCKED(ma, aa++)))
EDGE(errorcheck, static mutex mb = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP; static int ab, , { LOCKED(mb, ab++); }, { LOCKED(mb, ab++); })
EDGE(adaptive, static mutex mc = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP; static int ac, , { LOCKED(mc, ac++); }, { LOCKED(mc, ac++); })
OPEN(mutex_init_beside_lock, static mutex md, , IN_TURN(1, pthread_mutex_init(&md, NULL)), IN_TURN(2, pthread_mutex_init(&md, NULL)))

/* --- read-write locks --- */
typedef pthread_rwlock_t rwlock;
#define RWLOCK PTHREAD_RWLOCK_INITIALIZER
#define READ(l, ...) pthread_rwlock_rdlock(&l); __VA_ARGS__; pthread_rwlock_unlock(&l)
#define WRITE(l, ...) pthread_rwlock_wrlock(&l); __VA_ARGS__; pthread_rwlock_unlock(&l)
EDGE(rw_writers, static rwlock r1 = RWLOCK; static int b1, , { WRITE(r1, b1++); }, { WRITE(r1, b1++); })
EDGE(rw_reader_and_writer, static rwlock r2 = RWLOCK; static int b2, , { WRITE(r2, b2++); }, { READ(r2, use(b2)); })
EDGE(rw_readers, static rwlock r3 = RWLOCK; static int b3, , { READ(r3, use(b3)); }, { READ(r3, use(b3)); })
OPEN(rw_write_under_read_lock, static rwlock r4 = RWLOCK; static int b4, , IN_TURN(1, READ(r4, b4++)), IN_TURN(2, READ(r4, b4++)))
OPEN(rw_readers_order_nothing, static rwlock r5 = RWLOCK; static int b5, , IN_TURN(1, b5++; READ(r5, )), IN_TURN(2, READ(r5, ); b5++))
EDGE(rw_read_before_write, static rwlock r6 = RWLOCK; static int b6, , IN_TURN(1, b6++; READ(r6, )), IN_TURN(2, WRITE(r6, ); b6++))
EDGE(rw_write_before_read, static rwlock r7 = RWLOCK; static int b7, , IN_TURN(1, b7++; WRITE(r7, )), IN_TURN(2, READ(r7, ); b7++))
EDGE(rw_try, static rwlock r8 = RWLOCK; static int b8, , { WRITE(r8, b8++); }, { while (pthread_rwlock_tryrdlock(&r8)) sched_yield(); use(b8); pthread_rwlock_unlock(&r8); })

/* --- spin locks, semaphores, once, barriers, conditions --- */
EDGE(spin, static pthread_spinlock_t s1; static int c1, pthread_spin_init(&s1, 0), { pthread_spin_lock(&s1); c1++; pthread_spin_unlock(&s1); }, { pthread_spin_lock(&s1); c1++; pthread_spin_unlock(&s1); })
OPEN(two_spins, static pthread_spinlock_t s2; static pthread_spinlock_t t2; static int c2, { pthread_spin_init(&s2, 0); pthread_spin_init(&t2, 0); }, IN_TURN(1, pthread_spin_lock(&s2); c2++; pthread_spin_unlock(&s2)), IN_TURN(2, pthread_spin_lock(&t2); c2++; pthread_spin_unlock(&t2)))
EDGE(spin_try, static pthread_spinlock_t s3; static int c3, pthread_spin_init(&s3, 0), { pthread_spin_lock(&s3); c3++; pthread_spin_unlock(&s3); }, { while (pthread_spin_trylock(&s3)) sched_yield(); c3++; pthread_spin_unlock(&s3); })
EDGE(sem, static sem_t e1; static int d1, sem_init(&e1, 0, 0), { d1 = 1; sem_post(&e1); }, { sem_wait(&e1); use(d1); })
OPEN(after_sem_post, static sem_t e2; static int d2, sem_init(&e2, 0, 0), { sem_post(&e2); IN_TURN(1, d2 = 1); }, { sem_wait(&e2); IN_TURN(2, use(d2)); })
EDGE(sem_trywait, static sem_t e3; static int d3, sem_init(&e3, 0, 0), { d3 = 1; sem_post(&e3); }, { while (sem_trywait(&e3)) sched_yield(); use(d3); })
OPEN(sem_getvalue, static sem_t e4; static int d4, sem_init(&e4, 0, 0), IN_TURN(1, d4 = 1; sem_post(&e4)), IN_TURN(2, int v; sem_getvalue(&e4, &v); use(d4)))
OPEN(sem_two_posts, static sem_t e5; static int d5, sem_init(&e5, 0, 1), IN_TURN(1, d5 = 1), IN_TURN(2, sem_wait(&e5); use(d5)))
static int f1; static void set_f1(void) { f1 = 1; }
EDGE(once, static pthread_once_t o1 = PTHREAD_ONCE_INIT, , { pthread_once(&o1, set_f1); use(f1); }, { pthread_once(&o1, set_f1); use(f1); })
OPEN(two_onces, static pthread_once_t o2 = PTHREAD_ONCE_INIT; static pthread_once_t o3 = PTHREAD_ONCE_INIT; static int f2; static void set_f2(void) { f2 = 1; } static void set_f2_too(void) { f2 = 2; }, , IN_TURN(1, pthread_once(&o2, set_f2)), IN_TURN(2, pthread_once(&o3, set_f2_too)))
EDGE(barrier, static pthread_barrier_t p1; static int g1, pthread_barrier_init(&p1, NULL, 2), { g1 = 1; pthread_barrier_wait(&p1); }, { pthread_barrier_wait(&p1); use(g1); })
OPEN(after_barrier, static pthread_barrier_t p2; static int g2, pthread_barrier_init(&p2, NULL, 2), { pthread_barrier_wait(&p2); IN_TURN(1, g2 = 1); }, { pthread_barrier_wait(&p2); IN_TURN(2, use(g2)); })
EDGE(barrier_rounds, static pthread_barrier_t p3; static int g3[2], pthread_barrier_init(&p3, NULL, 2), { for (int i = 0; i < 20; i++) { g3[i & 1]++; pthread_barrier_wait(&p3); } }, { for (int i = 0; i < 20; i++) { pthread_barrier_wait(&p3); if (i == 19) use(g3[1]); } })
EDGE(cond, static mutex k1 = MUTEX; static pthread_cond_t q1 = PTHREAD_COND_INITIALIZER; static int h1; static bool done1, , { pthread_mutex_lock(&k1); h1 = 1; done1 = true; pthread_cond_signal(&q1); pthread_mutex_unlock(&k1); }, { pthread_mutex_lock(&k1); while (!done1) pthread_cond_wait(&q1, &k1); pthread_mutex_unlock(&k1); use(h1); })
EDGE(cond_timed, static mutex k2 = MUTEX; static pthread_cond_t q2 = PTHREAD_COND_INITIALIZER; static int h2; static bool done2, , { pthread_mutex_lock(&k2); h2 = 1; done2 = true; pthread_cond_broadcast(&q2); pthread_mutex_unlock(&k2); }, { pthread_mutex_lock(&k2); while (!done2) pthread_cond_timedwait(&q2, &k2, &late); pthread_mutex_unlock(&k2); use(h2); })
OPEN(cond_without_the_lock, static mutex k3 = MUTEX; static pthread_cond_t q3 = PTHREAD_COND_INITIALIZER; static int h3, , IN_TURN(1, h3 = 1; pthread_cond_signal(&q3)), IN_TURN(2, LOCKED(k3, ); use(h3)))
OPEN(cond_timed_out, static mutex k4 = MUTEX; static pthread_cond_t q4 = PTHREAD_COND_INITIALIZER; static int h4; static struct timespec long_ago, , IN_TURN(1, h4 = 1; pthread_cond_signal(&q4)), IN_TURN(2, pthread_mutex_lock(&k4); pthread_cond_timedwait(&q4, &k4, &long_ago); pthread_mutex_unlock(&k4); use(h4)))

/* C11 threads */
EDGE(c11_mutex, static mtx_t x1; static int i1, mtx_init(&x1, mtx_plain), { mtx_lock(&x1); i1++; mtx_unlock(&x1); }, { mtx_lock(&x1); i1++; mtx_unlock(&x1); })
OPEN(c11_two_mutexes, static mtx_t x2; static mtx_t y2; static int i2, { mtx_init(&x2, mtx_plain); mtx_init(&y2, mtx_plain); }, IN_TURN(1, mtx_lock(&x2); i2++; mtx_unlock(&x2)), IN_TURN(2, mtx_lock(&y2); i2++; mtx_unlock(&y2)))
EDGE(c11_once, static once_flag x3 = ONCE_FLAG_INIT, , { call_once(&x3, set_f1); use(f1); }, { call_once(&x3, set_f1); use(f1); })

/* --- descriptors --- */
static char byte;
EDGE(pipe, static int fd1[2]; static int j1, MUST(pipe(fd1) == 0), { j1 = 1; MUST(write(fd1[1], "x", 1) == 1); }, { MUST(read(fd1[0], &byte, 1) == 1); use(j1); })
OPEN(after_pipe_write, static int fd2[2]; static int j2; static char got2, MUST(pipe(fd2) == 0), { MUST(write(fd2[1], "x", 1) == 1); IN_TURN(1, j2 = 1); }, { MUST(read(fd2[0], &got2, 1) == 1); IN_TURN(2, use(j2)); })
OPEN(other_pipe, static int fd3[2]; static int fe3[2]; static int j3; static char got3, { MUST(pipe(fd3) == 0); MUST(pipe(fe3) == 0); MUST(write(fe3[1], "x", 1) == 1); }, IN_TURN(1, j3 = 1; MUST(write(fd3[1], "x", 1) == 1)), IN_TURN(2, MUST(read(fe3[0], &got3, 1) == 1); use(j3)))
EDGE(socketpair, static int fd4[2]; static int j4; static char got4, MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fd4) == 0), { j4 = 1; MUST(send(fd4[1], "x", 1, 0) == 1); }, { MUST(recv(fd4[0], &got4, 1, 0) == 1); use(j4); })
EDGE(eventfd, static int fd5; static int j5; static uint64_t got5, fd5 = eventfd(0, 0), { j5 = 1; uint64_t one = 1; MUST(write(fd5, &one, 8) == 8); }, { MUST(read(fd5, &got5, 8) == 8); use(j5); })
OPEN(read_into_a_buffer, static int fd6[2]; static char buf6[8], { MUST(pipe(fd6) == 0); MUST(write(fd6[1], "ab", 2) == 2); }, IN_TURN(1, MUST(read(fd6[0], buf6, 2) == 2)), IN_TURN(2, use(buf6[1])))
OPEN(write_from_a_buffer, static int fd7[2]; static char buf7[8], MUST(pipe(fd7) == 0), IN_TURN(1, MUST(write(fd7[1], buf7, 2) == 2)), IN_TURN(2, buf7[1] = 1))

/* --- the heap and other memory that changes hands --- */
EDGE(freed_after_use, static mutex l1 = MUTEX; static int *h_1; static bool gone1, h_1 = malloc(4), { LOCKED(l1, if (!gone1) *h_1 = 1); }, { LOCKED(l1, gone1 = true; free(h_1)); })
OPEN(free_beside_read, static int *h_2, h_2 = calloc(1, 4), IN_TURN(1, use(*h_2)), IN_TURN(2, free(h_2)))
OPEN(free_beside_write, static int *h_3, h_3 = calloc(1, 4), IN_TURN(1, *h_3 = 2), IN_TURN(2, free(h_3)))
OPEN(free_twice_is_left_alone, static int *h_4, h_4 = calloc(1, 4), IN_TURN(1, free(h_4)), IN_TURN(2, use(*h_4)))
OPEN(realloc_beside_read, static int *h_5, h_5 = calloc(4, 4), IN_TURN(1, use(h_5[3])), IN_TURN(2, h_5 = realloc(h_5, 400000)))
EDGE(blocks_reused, , , { for (int i = 0; i < 200; i++) { int *p = malloc(40); p[0] = p[9] = i; free(p); } }, { for (int i = 0; i < 200; i++) { int *p = malloc(40); p[0] = p[9] = i; free(p); } })
EDGE(mappings_reused, , , { for (int i = 0; i < 20; i++) { char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); p[5000] = 1; munmap(p, 8192); } }, { for (int i = 0; i < 20; i++) { char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); p[5000] = 1; munmap(p, 8192); } })
OPEN(shared_mapping, static char *h_8, h_8 = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), IN_TURN(1, h_8[9] = 1), IN_TURN(2, use(h_8[9])))
OPEN(thread_local_by_pointer, static _Thread_local int own; static int *of_first, , { of_first = &own; IN_TURN(1, own = 1); turn_reached(3); }, { turn_wait(2); *of_first = 2; turn_done(); })

/* --- libc that works on memory --- */
OPEN(memcpy_from, static char y_1[32]; static char z_1[32], , IN_TURN(1, memcpy(z_1, y_1, value(20))), IN_TURN(2, y_1[19] = 1))
OPEN(memcpy_to, static char y_2[32]; static char z_2[32], , IN_TURN(1, memcpy(z_2, y_2, value(20))), IN_TURN(2, use(z_2[19])))
EDGE(memcpy_beside, static char y_3[32]; static char z_3[32], , IN_TURN(1, memcpy(z_3, y_3, value(20))), IN_TURN(2, use(z_3[20])))
OPEN(memmove_overlapping, static char y_4[32], , IN_TURN(1, memmove(y_4 + 4, y_4, value(20))), IN_TURN(2, use(y_4[23])))
OPEN(memset_range, static char y_5[64], , IN_TURN(1, memset(y_5, 1, value(50))), IN_TURN(2, use(y_5[49])))
OPEN(memcmp_range, static char y_6[32]; static char z_6[32], , IN_TURN(1, use(memcmp(y_6, z_6, value(20)))), IN_TURN(2, y_6[19] = 1))
OPEN(strcpy_to, static char y_7[32], , IN_TURN(1, strcpy(y_7, value(1) ? "some words" : "")), IN_TURN(2, use(y_7[9])))
OPEN(strlen_of, static char y_8[32] = "four", , IN_TURN(1, use((int)strlen(y_8))), IN_TURN(2, y_8[4] = 'x'))
OPEN(strchr_in, static char y_9[32] = "four", , IN_TURN(1, use(strchr(y_9, value('u')) != NULL)), IN_TURN(2, y_9[2] = 'x'))
OPEN(snprintf_to, static char y_a[32], , IN_TURN(1, snprintf(y_a, sizeof y_a, "%d", value(1234))), IN_TURN(2, use(y_a[3])))
OPEN(snprintf_from, static char y_b[32] = "abc"; static char z_b[32], , IN_TURN(1, snprintf(z_b, sizeof z_b, "%s", y_b)), IN_TURN(2, y_b[1] = 'x'))
static int by_int(const void *x, const void *y) { return *(const int *)x - *(const int *)y; }
static int y_c[8] = {3, 2, 1};
OPEN(qsort_of, , , IN_TURN(1, qsort(y_c, 8, sizeof *y_c, by_int)), IN_TURN(2, use(y_c[7])))
EDGE(errno_each, , , { errno = value(1); use(errno); }, { errno = value(2); use(errno); })

/* clang-format on */
/* --- creation and join --- */
static int past;
static void *see_past(void *p) {
  use(past);
  past++;
  return p;
}
CASE(creation_and_join_norace) {
  pthread_t t;
  past = 1;
  pthread_create(&t, NULL, see_past, NULL);
  pthread_join(t, NULL);
  use(past);
}
static void *poke_past(void *p) {
  IN_TURN(1, past++); /* RACE */
  return p;
}
CASE(creation_only_race) {
  pthread_t t;
  pthread_create(&t, NULL, poke_past, NULL);
  IN_TURN(2, past++); /* RACE */
  pthread_join(t, NULL);
}
static int past2;
static void *poke_detached(void *p) {
  IN_TURN(1, past2++); /* RACE */
  return p;
}
CASE(detached_race) {
  pthread_t t;
  pthread_create(&t, NULL, poke_detached, NULL);
  pthread_detach(t);
  IN_TURN(2, past2++); /* RACE */
}
static int c11_past;
static int c11_see(void *p) {
  (void)p;
  return c11_past++;
}
CASE(c11_creation_and_join_norace) {
  thrd_t t;
  c11_past = 1;
  thrd_create(&t, c11_see, NULL);
  thrd_join(t, NULL);
  use(c11_past);
}

/* destructors of thread-specific values run before the join */
static pthread_key_t key;
static int in_destructor;
static void destroy(void *p) {
  (void)p;
  in_destructor = 1;
}
static void *set_key(void *p) {
  pthread_setspecific(key, &key);
  return p;
}
CASE(specific_destructor_norace) {
  pthread_t t;
  pthread_key_create(&key, destroy);
  pthread_create(&t, NULL, set_key, NULL);
  pthread_join(t, NULL);
  use(in_destructor);
}

static void clean(void *p) { ++*(int *)p; }
static void *cancelled(void *p) {
  pthread_cleanup_push(clean, p);
  for (;;) sleep(1);
  pthread_cleanup_pop(0);
}
CASE(cancellation_norace) {
  static int cleaned;
  pthread_t t;
  pthread_create(&t, NULL, cancelled, &cleaned);
  pthread_cancel(t);
  pthread_join(t, NULL);
  use(cleaned);
}

/* --- jumps, signals, processes, ends --- */
static int jumped;
static void *jump(void *p) {
  static _Thread_local jmp_buf there;
  for (volatile int i = 0; i < 100; i++)
    if (!setjmp(there)) longjmp(there, 1);
  IN_TURN(1, jumped++); /* RACE */
  return p;
}
CASE(longjmp_race) {
  pthread_t t;
  pthread_create(&t, NULL, jump, NULL);
  IN_TURN(2, jumped++); /* RACE */
  pthread_join(t, NULL);
}

static int handled;
static void on_signal(int s) {
  (void)s;
  handled++;
}
CASE(signal_on_the_same_thread_norace) {
  signal(SIGUSR1, on_signal);
  handled = 1;
  raise(SIGUSR1);
  use(handled);
}
static int handled_too;
static void on_other_signal(int s) {
  (void)s;
  IN_TURN(2, handled_too++); /* RACE */
}
static void *touch_then_signal(void *main_thread) {
  IN_TURN(1, handled_too++); /* RACE */
  pthread_kill(*(pthread_t *)main_thread, SIGUSR2);
  return NULL;
}
CASE(signal_to_another_thread_race) {
  static pthread_t me, t;
  me = pthread_self();
  signal(SIGUSR2, on_other_signal);
  pthread_create(&t, NULL, touch_then_signal, &me);
  turn_reached(3);
  pthread_join(t, NULL);
}

static int in_child;
static void *poke_child(void *p) {
  IN_TURN(1, in_child++); /* RACE */
  return p;
}
CASE(fork_child_race) {
  if (fork() == 0) {
    pthread_t t;
    pthread_create(&t, NULL, poke_child, NULL);
    IN_TURN(2, in_child++); /* RACE */
    pthread_join(t, NULL);
    exit(0);
  }
  int status;
  wait(&status);
  exit(WEXITSTATUS(status));
}
CASE(fork_child_norace) {
  in_child = 1;
  if (fork() == 0) {
    in_child++;
    _exit(0);
  }
  in_child++;
  int status;
  wait(&status);
  MUST(status == 0);
}
CASE(vfork_norace) {
  pid_t p = vfork();
  if (p == 0) _exit(0);
  int status;
  waitpid(p, &status, 0);
  MUST(status == 0);
}

static int at_end;
static void at_exit(void) { IN_TURN(2, at_end++); } /* RACE */
static void *before_end(void *p) {
  IN_TURN(1, at_end++); /* RACE */
  for (;;) pause();
  return p;
}
CASE(atexit_race) {
  pthread_t t;
  atexit(at_exit);
  pthread_create(&t, NULL, before_end, NULL);
  turn_reached(2);
}

static int constructed;
__attribute__((constructor)) static void construct(void) { constructed = 1; }
static void *see_constructed(void *p) {
  use(constructed);
  return p;
}
CASE(constructor_norace) {
  pthread_t t;
  pthread_create(&t, NULL, see_constructed, NULL);
  use(constructed);
  pthread_join(t, NULL);
}

/* --- stacks --- */
static int *on_stack;
static void *touch_stack(void *p) {
  IN_TURN(2, *on_stack = 2); /* RACE */
  return p;
}
CASE(stack_of_main_race) {
  int local = 0;
  pthread_t t;
  on_stack = &local;
  pthread_create(&t, NULL, touch_stack, NULL);
  IN_TURN(1, local = 1); /* RACE */
  pthread_join(t, NULL);
  use(local);
}
static void *fill_stack(void *p) {
  char room[8000];
  memset(room, 1, (size_t)value(8000));
  use(room[7999]);
  return p;
}
CASE(stacks_reused_norace) {
  for (int i = 0; i < 20; i++) {
    pthread_t t;
    pthread_create(&t, NULL, fill_stack, NULL);
    pthread_detach(t);
    pthread_create(&t, NULL, fill_stack, NULL);
    pthread_join(t, NULL);
  }
}
static void *nothing(void *p) { return p; }
CASE(many_threads_norace) {
  pthread_t t[300];
  for (int i = 0; i < 300; i++) pthread_create(&t[i], NULL, nothing, NULL);
  for (int i = 0; i < 300; i++) pthread_join(t[i], NULL);
}
CASE(three_hundred_locks_norace) {
  static mutex all[300];
  for (int i = 0; i < 300; i++) pthread_mutex_lock(&all[i]);
  for (int i = 0; i < 300; i++) pthread_mutex_unlock(&all[i]);
}

/* --- locks against their rules --- */
CASE(unlock_unlocked_GW1006) {
  static mutex m = MUTEX;
  pthread_mutex_unlock(&m); /* GW1006 */
}
static mutex anothers = MUTEX;
static void lock_anothers(void) { pthread_mutex_lock(&anothers); }
static void unlock_anothers(void) {
  pthread_mutex_unlock(&anothers); /* GW1006 */
}
CASE(unlock_anothers_GW1006) { unordered(lock_anothers, unlock_anothers); }
CASE(destroy_locked_GW1008) {
  static mutex m = MUTEX;
  pthread_mutex_lock(&m);
  pthread_mutex_destroy(&m); /* GW1008 */
}
CASE(lock_destroyed_GW1006) {
  static mutex m = MUTEX;
  pthread_mutex_destroy(&m);
  pthread_mutex_lock(&m); /* GW1006 */
}
CASE(rw_unlock_unlocked_GW1006) {
  static rwlock l = RWLOCK;
  pthread_rwlock_unlock(&l); /* GW1006 */
}
CASE(rw_destroy_locked_GW1008) {
  static rwlock l = RWLOCK;
  pthread_rwlock_rdlock(&l);
  pthread_rwlock_destroy(&l); /* GW1008 */
}
CASE(spin_unlock_unlocked_GW1006) {
  static pthread_spinlock_t s;
  pthread_spin_init(&s, 0);
  pthread_spin_unlock(&s); /* GW1006 */
}

/* --- orders of locks --- */
static mutex order_a = MUTEX, order_b = MUTEX, order_c = MUTEX, order_gate = MUTEX;
#define NESTED(x, y) LOCKED(x, LOCKED(y, ))
static void a_b(void) { NESTED(order_a, order_b); } /* GW1002 */
static void b_a(void) { NESTED(order_b, order_a); } /* GW1002 */
CASE(lock_order_GW1002) { unordered(a_b, b_a); }
static void b_c(void) { NESTED(order_b, order_c); } /* GW1002 */
static void c_a(void) { NESTED(order_c, order_a); } /* GW1002 */
static void a_then_b(void) { NESTED(order_a, order_b); } /* GW1002 */
static void *in_third_turn(void *p) {
  IN_TURN(3, c_a());
  return p;
}
CASE(lock_order_of_three_GW1002) {
  pthread_t third;
  MUST(pthread_create(&third, NULL, in_third_turn, NULL) == 0);
  unordered(a_then_b, b_c);
  pthread_join(third, NULL);
}
CASE(lock_order_joined_norace) { ordered(a_b, b_a); }
CASE(lock_order_before_creation_norace) {
  a_b();
  alone(b_a);
}
static void c_b(void) { NESTED(order_c, order_b); } /* GW1002 */
static void *in_second_turn_c_b(void *p) {
  IN_TURN(2, c_b());
  return p;
}
CASE(lock_order_after_creation_GW1002) {
  pthread_t child;
  MUST(pthread_create(&child, NULL, in_second_turn_c_b, NULL) == 0);
  IN_TURN(1, NESTED(order_b, order_c)); /* GW1002 */
  pthread_join(child, NULL);
}
CASE(lock_order_alone_norace) {
  a_b();
  b_a();
}
static void gated_a_b(void) { LOCKED(order_gate, a_b()); }
static void gated_b_a(void) { LOCKED(order_gate, b_a()); }
CASE(lock_order_gated_norace) { unordered(gated_a_b, gated_b_a); }
static void a_try_b(void) {
  LOCKED(order_a, if (pthread_mutex_trylock(&order_b) == 0) pthread_mutex_unlock(&order_b));
}
CASE(lock_order_try_norace) { unordered(a_try_b, b_a); }
static rwlock order_r = RWLOCK, order_s = RWLOCK;
static void read_r_s(void) { READ(order_r, READ(order_s, )); }
static void read_s_r(void) { READ(order_s, READ(order_r, )); }
CASE(lock_order_of_readers_norace) { unordered(read_r_s, read_s_r); }
static void write_s_r(void) { WRITE(order_s, WRITE(order_r, )); } /* GW1002 */
static void write_r_s(void) { WRITE(order_r, WRITE(order_s, )); } /* GW1002 */
CASE(lock_order_of_writers_GW1002) { unordered(write_r_s, write_s_r); }
