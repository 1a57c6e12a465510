/* A bounded queue with one mutex and two condition variables between producers and consumers, with some work for each
 * job; size: jobs. */
#include "kernel.h"

enum { CAPACITY = 64, JOB_WORDS = 64, ROUNDS = 24 };

struct job {
  uint64_t seed;            /* what the producer chose */
  uint64_t data[JOB_WORDS]; /* filled by the producer, worked on by the consumer */
};

struct queue {
  struct kernel k;
  pthread_mutex_t mu;           /* guards what follows */
  pthread_cond_t filled, freed; /* a job was put in; a place became free */
  struct job *place[CAPACITY];  /* ring of jobs */
  size_t head, count;           /* first job, number of jobs */
  size_t producers;             /* that haven't finished */
  uint64_t done, seeds, sum;    /* number, seeds and results of the jobs done */
};

static void queue_put(struct queue *q, struct job *job) {
  pthread_mutex_lock(&q->mu);
  while (q->count == CAPACITY) pthread_cond_wait(&q->freed, &q->mu);
  q->place[(q->head + q->count++) % CAPACITY] = job;
  pthread_cond_signal(&q->filled);
  pthread_mutex_unlock(&q->mu);
}

/* NULL once all producers have finished and the queue is empty. */
static struct job *queue_get(struct queue *q) {
  struct job *job = NULL;
  pthread_mutex_lock(&q->mu);
  while (q->count == 0 && q->producers > 0) pthread_cond_wait(&q->filled, &q->mu);
  if (q->count > 0) {
    job = q->place[q->head];
    q->head = (q->head + 1) % CAPACITY;
    q->count--;
    pthread_cond_signal(&q->freed);
  }
  pthread_mutex_unlock(&q->mu);
  return job;
}

static void job_fill(struct job *job, uint64_t seed) {
  job->seed = seed;
  for (int i = 0; i < JOB_WORDS; i++) job->data[i] = seed * 3 + (uint64_t)i;
}

static uint64_t job_work(struct job *job) {
  for (int round = 0; round < ROUNDS; round++)
    for (int i = 1; i < JOB_WORDS; i++) job->data[i] += job->data[i - 1] >> 3;
  return job->data[JOB_WORDS - 1] ^ job->seed;
}

static void produce(struct queue *q, unsigned who, unsigned producers) {
  struct kernel_part part = kernel_part(q->k.size, producers, who);
  for (size_t i = part.first; i < part.last; i++) {
    struct job *job = malloc(sizeof *job);
    kernel_check(job != NULL, "out of memory");
    job_fill(job, i);
    queue_put(q, job);
  }
  pthread_mutex_lock(&q->mu);
  q->producers--;
  pthread_cond_broadcast(&q->filled);
  pthread_mutex_unlock(&q->mu);
}

static void consume(struct queue *q) {
  uint64_t done = 0, seeds = 0, sum = 0;
  for (struct job *job; (job = queue_get(q)) != NULL; free(job)) {
    sum += job_work(job);
    seeds += job->seed;
    done++;
  }
  pthread_mutex_lock(&q->mu);
  q->done += done, q->seeds += seeds, q->sum += sum;
  pthread_mutex_unlock(&q->mu);
}

static void member(void *shared, unsigned who) {
  struct queue *q = shared;
  unsigned producers = (q->k.threads + 1) / 2;
  if (who < producers) {
    produce(q, who, producers);
  } else {
    consume(q);
  }
}

int main(int argc, char **argv) {
  struct queue q = {.k = kernel_args(argc, argv, 150000)};
  kernel_check(q.k.threads >= 2, "needs two threads");
  q.producers = (q.k.threads + 1) / 2;
  pthread_mutex_init(&q.mu, NULL), pthread_cond_init(&q.filled, NULL), pthread_cond_init(&q.freed, NULL);
  kernel_team(q.k.threads, member, &q);
  kernel_check(q.count == 0 && q.done == q.k.size, "jobs were left over or done twice");
  kernel_check(q.seeds == q.done * (q.done - 1) / 2, "jobs were changed on the way");
  pthread_cond_destroy(&q.filled), pthread_cond_destroy(&q.freed), pthread_mutex_destroy(&q.mu);
  return kernel_done("queue", q.sum);
}
