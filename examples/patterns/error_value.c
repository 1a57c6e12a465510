/* Errors as values: a result carries its own failure, so that the goroutine that knows the whole can decide.  The one
 * that met the error doesn't end the program, nor does it print. */
#include "pattern.h"

struct result {
  const char *text; /* what was read */
  long number;
  const char *error; /* NULL: number counts */
};

static struct result parse(const char *text) {
  char *end;
  long n = strtol(text, &end, 10);
  if (end == text) return (struct result){text, 0, "no number"};
  if (*end) return (struct result){text, n, "something after the number"};
  return (struct result){text, n, NULL};
}

static void parse_all(gw_chan(const char *) in, gw_chan(struct result) out) {
  gw_range(text, in) gw_send(out, parse(text));
  gw_close(out);
}

static void send_all(gw_chan(const char *) out, const char *const *texts) {
  while (*texts) gw_send(out, *texts++);
  gw_close(out);
}

int main(void) {
  static const char *const texts[] = {"12", "x", "30", "7 apples", "", "-2", NULL};
  gw_chan(const char *) in = gw_make(const char *, 0);
  gw_chan(struct result) out = gw_make(struct result, 0);
  gw_go(send_all, in, texts);
  gw_go(parse_all, in, out);
  long sum = 0;
  int errors = 0;
  gw_range(r, out) {
    if (r.error) {
      printf("'%s': %s\n", r.text, r.error);
      errors++;
    } else {
      sum += r.number;
    }
  }
  printf("sum %ld, %d errors\n", sum, errors);
  CHECK(sum == 40 && errors == 3);
  all_ended();
  gw_chan_free(in);
  gw_chan_free(out);
}
