/* NO RACE */
/* Connections to another process, which sends back what it reads: an answer comes after what was asked, whoever reads
 * it, and goroutines that have a connection for themselves go on with their epoch. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "godwit/abi.h"
#include "scenario.h"

static int accepted, dialed;
static long asked[2];

static void must(bool ok) {
  if (!ok) abort();
}
static void put(int fd) { must(gw_write(fd, "x", 1) == 1); }
static void get(int fd) {
  char byte;
  must(gw_read(fd, &byte, 1) == 1);
}

static void name_of(int listener, char *name) {
  struct sockaddr_in a;
  socklen_t n = sizeof a;
  must(getsockname(listener, (struct sockaddr *)&a, &n) == 0);
  sprintf(name, "127.0.0.1:%d", ntohs(a.sin_port));
}

static void send_back(int fd) {
  char byte;
  while (gw_read(fd, &byte, 1) == 1) put(fd);
  _exit(0);
}
static void child(const char *name, int told) {
  char mine[64] = {0};
  int listener = gw_listen("127.0.0.1:0"), first = gw_dial(name);
  must(listener >= 0 && first >= 0);
  name_of(listener, mine);
  must(write(told, mine, sizeof mine) == sizeof mine);
  gw_go(send_back, first);
  int second = gw_accept(listener);
  must(second >= 0);
  char byte;
  while (gw_read(second, &byte, 1) == 1) put(second);
  gw_sleep(1000 * GW_S); /* until the other one ends */
}
static void connect_child(void) {
  char name[64];
  int listener = gw_listen("127.0.0.1:0"), told[2];
  must(listener >= 0 && pipe(told) == 0);
  name_of(listener, name);
  pid_t pid = fork();
  must(pid >= 0);
  if (pid == 0) child(name, told[1]);
  must((accepted = gw_accept(listener)) >= 0);
  must(read(told[0], name, sizeof name) == sizeof name);
  must((dialed = gw_dial(name)) >= 0);
}

static __attribute__((noinline, disable_sanitizer_instrumentation)) uint32_t open_epoch(void) { return __gw_tls.epoch; }

static void alone(int fd, long *x) {
  put(fd), get(fd);
  ++*x;
  uint32_t epoch = open_epoch();
  for (int i = 0; i < 20; i++) {
    ++*x;
    put(fd), get(fd);
  }
  must(open_epoch() == epoch);
}

static void asks(void) {
  turn_wait(1);
  alone(accepted, &asked[0]);
  alone(dialed, &asked[1]);
  put(accepted), put(dialed);
  turn_done();
}
static void is_answered(void) {
  turn_wait(2);
  get(accepted);
  asked[0]++;
  get(dialed);
  asked[1]++;
  turn_done();
}

int main(void) {
  gw_lock_os_thread();
  connect_child();
  both(asks, is_answered);
  gw_close_fd(dialed), gw_close_fd(accepted);
  int status;
  must(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
