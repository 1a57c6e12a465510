/* Distributed lock: a key in Redis that only one can set (SET NX), that goes away by itself if its owner dies (PX), and
 * that is taken back by a script that looks first whose it is, since the lock may have expired and be another's by
 * then.
 *
 * Needs hiredis and a server: `redis_lock /path/of/its/socket`.  hiredis blocks its thread, so its calls are made by
 * gw_blocking; each goroutine has a connection of its own, as each machine would. */
#include <hiredis/hiredis.h>

#include "pattern.h"

enum { CLIENTS = 5, ROUNDS = 20, WORDS_MAX = 7 };

/* What redis answers to a command of so many words; freed by freeReplyObject. */
static redisReply *ask(redisContext *r, int n, const char *const *words) {
  const char *copy[WORDS_MAX];
  for (int i = 0; i < n; i++) copy[i] = words[i];
  redisReply *reply = (redisReply *)gw_blocking(redisCommandArgv, r, n, copy, NULL);
  CHECK(reply && reply->type != REDIS_REPLY_ERROR);
  return reply;
}
#define ASK(r, ...) \
  ask(r, (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)), (const char *const[]){__VA_ARGS__})

static long number_in(redisReply *reply) {
  long n = reply->type == REDIS_REPLY_INTEGER ? (long)reply->integer : reply->str ? atol(reply->str) : 0;
  freeReplyObject(reply);
  return n;
}

/* ---- the lock ---- */

struct lock {
  redisContext *r;
  char token[32]; /* nobody else's */
};

static bool try_lock(struct lock *l, const char *name, const char *ttl_ms) {
  redisReply *reply = ASK(l->r, "SET", name, l->token, "NX", "PX", ttl_ms);
  bool ours = reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, "OK") == 0;
  freeReplyObject(reply);
  return ours;
}

static void lock(struct lock *l, const char *name, const char *ttl_ms) {
  for (int64_t pause = 100 * GW_US; !try_lock(l, name, ttl_ms); pause = pause < 5 * GW_MS ? pause * 2 : pause)
    gw_sleep(pause);
}

/* False if it had been lost. */
static bool unlock(struct lock *l, const char *name) {
  static const char compare_and_delete[] =
      "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";
  return number_in(ASK(l->r, "EVAL", compare_and_delete, "1", name, l->token)) == 1;
}

/* ---- its use ---- */

static struct lock connect_to(const char *path, int number) {
  struct lock l = {.r = (redisContext *)gw_blocking(redisConnectUnix, path)};
  CHECK(l.r && !l.r->err);
  snprintf(l.token, sizeof l.token, "client %d", number);
  return l;
}

/* Reads and writes in two steps: without the lock, counts would be lost. */
static void client(const char *path, int number) {
  struct lock l = connect_to(path, number);
  for (int i = 0; i < ROUNDS; i++) {
    char text[24];
    lock(&l, "lock", "60000");
    snprintf(text, sizeof text, "%ld", number_in(ASK(l.r, "GET", "count")) + 1);
    freeReplyObject(ASK(l.r, "SET", "count", text));
    CHECK(unlock(&l, "lock"));
  }
  redisFree(l.r);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: redis_lock /path/of/the/server's/socket\n");
    return 64;
  }
  struct lock one = connect_to(argv[1], -1), other = connect_to(argv[1], -2);
  freeReplyObject(ASK(one.r, "DEL", "count", "lock"));
  gw_waitgroup all = {0};
  for (int i = 0; i < CLIENTS; i++) gw_waitgroup_go(&all, client, argv[1], i);
  gw_waitgroup_wait(&all);
  long count = number_in(ASK(one.r, "GET", "count"));
  printf("%d clients counted to %ld\n", CLIENTS, count);
  CHECK(count == CLIENTS * ROUNDS);

  CHECK(try_lock(&one, "lock", "60000") && !try_lock(&other, "lock", "60000"));
  freeReplyObject(ASK(one.r, "PEXPIRE", "lock", "1")); /* as if a minute had gone by */
  lock(&other, "lock", "60000");                       /* the first owner is taken for dead */
  CHECK(!unlock(&one, "lock"));                        /* and can't take it away from the second */
  CHECK(unlock(&other, "lock"));
  redisFree(one.r);
  redisFree(other.r);
  all_ended();
}
