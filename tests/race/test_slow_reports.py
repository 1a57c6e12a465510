"""A report takes its time: whoever has nothing to do with it goes on meanwhile."""

import fcntl
import os
import select
import subprocess

import godwit_testing as gt

PROGRAM = r"""
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#define TURN_THREADS
#include "barrier.h"

static long words[8] __attribute__((aligned(64))); /* of one line, so of one lock in the detector */
static pid_t reporter;

/* Until the kernel says that the reporter waits in a write to standard error. */
TURN_HIDDEN static void until_it_writes(void) {
  char path[64], text[128];
  unsigned long number = 0, fd = 0;
  while (number != SYS_write || fd != 2) {
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)__atomic_load_n(&reporter, __ATOMIC_RELAXED));
    FILE *file = fopen(path, "r");
    number = fd = 0;
    if (file && fgets(text, sizeof text, file)) sscanf(text, "%lu %lx", &number, &fd);
    if (file) fclose(file);
    syscall(SYS_sched_yield);
  }
}

static void *races(void *p) {
  turn_wait(2);
  reporter = (pid_t)syscall(SYS_gettid);
  turn_done();
  __atomic_fetch_add(&words[0], 1, __ATOMIC_ACQ_REL);
  return p;
}

int main(void) {
  pthread_t t;
  pthread_create(&t, NULL, races, NULL);
  IN_TURN(1, words[0] = 1);
  turn_wait(3);
  until_it_writes();
  __atomic_fetch_add(&words[1], 1, __ATOMIC_ACQ_REL);
  puts("went on");
  fflush(stdout);
  pthread_join(t, NULL);
}
"""


def full_pipe():
    """Both ends of a pipe into which nothing fits any more."""
    reader, writer = os.pipe()
    flags = fcntl.fcntl(writer, fcntl.F_GETFL)
    fcntl.fcntl(writer, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    try:
        while True:
            os.write(writer, b"." * 4096)
    except BlockingIOError:
        fcntl.fcntl(writer, fcntl.F_SETFL, flags)
    return reader, writer


def test_other_atomics_go_on(programs):
    """The report waits for room in a pipe; an atomic operation on the same line doesn't wait for the report."""
    reader, writer = full_pipe()
    program = programs(PROGRAM, "-O1")
    with subprocess.Popen([program], stdout=subprocess.PIPE, stderr=writer, env=gt.environment()) as p:
        os.close(writer)
        ready, _, _ = select.select([p.stdout], [], [], gt.TIMEOUT)
        said = p.stdout.readline() if ready else b"nothing, as it waits"
        with open(reader, "rb") as stderr:
            told = stderr.read()
    assert said == b"went on\n"
    assert b"data race" in told and p.returncode == 66
