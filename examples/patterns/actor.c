/* Actor: a goroutine that owns its state; all others send it messages, and get answers on a channel that the message
 * brings along.  No lock, and every message is handled as a whole. */
#include "pattern.h"

enum kind { DEPOSIT, WITHDRAW, BALANCE };
struct message {
  enum kind kind;
  long amount;
  gw_chan(long) answer; /* the balance; -1: refused */
};

static void account(gw_chan(struct message) mailbox) {
  long balance = 0;
  gw_range(m, mailbox) {
    bool refused = m.kind == WITHDRAW && m.amount > balance;
    if (m.kind == DEPOSIT) balance += m.amount;
    if (m.kind == WITHDRAW && !refused) balance -= m.amount;
    gw_send(m.answer, refused ? -1 : balance);
  }
}

static long tell(gw_chan(struct message) mailbox, enum kind kind, long amount) {
  gw_chan(long) answer = gw_make(long, 1);
  gw_send(mailbox, (struct message){kind, amount, answer});
  long balance = gw_recv(answer);
  gw_chan_free(answer);
  return balance;
}

static void customer(gw_chan(struct message) mailbox, long *taken) {
  for (int i = 0; i < 50; i++) {
    tell(mailbox, DEPOSIT, 10);
    if (tell(mailbox, WITHDRAW, 15) >= 0) *taken += 15;
  }
}

int main(void) {
  gw_chan(struct message) mailbox = gw_make(struct message, 4);
  gw_waitgroup actor = {0}, customers = {0};
  long taken[5] = {0}, sum = 0;
  gw_waitgroup_go(&actor, account, mailbox);
  for (int i = 0; i < 5; i++) gw_waitgroup_go(&customers, customer, mailbox, &taken[i]);
  gw_waitgroup_wait(&customers);
  for (int i = 0; i < 5; i++) sum += taken[i];
  long left = tell(mailbox, BALANCE, 0);
  printf("in 2500, out %ld, left %ld\n", sum, left);
  CHECK(left >= 0 && sum + left == 2500);
  gw_close(mailbox);
  gw_waitgroup_wait(&actor);
  all_ended();
  gw_chan_free(mailbox);
}
