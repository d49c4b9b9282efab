/* What a receiver gives back: messages that it refuses, that it has not received when it closes,
 * and one that it had borrowed when it was killed. Ends with 0 if all of it is as busbar.h says:
 * giving-back <bus> */
#include <busbar.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static atomic_int undelivered;

static void count_undelivered(void* context, const busbar_event* event) {
  (void)context;
  if (event->kind == BUSBAR_EVENT_UNDELIVERED) atomic_fetch_add(&undelivered, 1);
}

static void send_all(busbar_endpoint* sender, const busbar_selector* to, const char* contents) {
  for (; *contents != 0; ++contents) {
    const busbar_outgoing message = bytes(contents, 1);
    OK(busbar_endpoint_send(sender, to, &message, NULL));
  }
}

static void wait_for(busbar_endpoint* endpoint, const char* text) {
  busbar_selector* selector = select_one(endpoint, text);
  OK(busbar_endpoint_wait_for(endpoint, selector, 1, 10000));
  busbar_selector_free(selector);
}

struct refusing {
  busbar_endpoint* endpoint;
  busbar_status reason;
};

static void* refuse_one(void* context) {
  const struct refusing* self = context;
  busbar_message* message = receive(self->endpoint);
  CHECK(busbar_message_refuse(message, BUSBAR_OK) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_message_refuse(message, (busbar_status)12345) == BUSBAR_INVALID_ARGUMENT);
  OK(busbar_message_refuse(message, self->reason));
  return NULL;
}

static void test_refusing(busbar_endpoint* sender, busbar_endpoint* worker) {
  busbar_selector* to = select_one(sender, "worker");
  const busbar_outgoing message = bytes("x", 1);
  const busbar_status reasons[] = {BUSBAR_NOT_HANDLED, BUSBAR_DECODE_FAILED};
  CHECK(busbar_message_refuse(NULL, BUSBAR_NOT_HANDLED) == BUSBAR_INVALID_ARGUMENT);
  for (size_t i = 0; i < 2; ++i) {
    pthread_t thread;
    struct refusing refusing = {worker, reasons[i]};
    uint32_t receivers = 9;
    CHECK(pthread_create(&thread, NULL, refuse_one, &refusing) == 0);
    CHECK(busbar_endpoint_deliver(sender, to, &message, BUSBAR_HANDLED, 10000, &receivers) ==
          BUSBAR_UNDELIVERED);
    CHECK(receivers == 0);
    CHECK(pthread_join(thread, NULL) == 0);
  }
  busbar_selector_free(to);
}

/* What the first worker has not received when it closes comes to the second one, in order. */
static void test_closing(const char* bus, busbar_endpoint* sender, busbar_endpoint* worker) {
  busbar_endpoint* second = join(bus, "other");
  busbar_selector* to = NULL;
  OK(busbar_selector_parse(sender, "worker | other", BUSBAR_UNICAST, &to));
  wait_for(sender, "other");
  /* Ties are broken in turn: each of the two has two of them. */
  send_all(sender, to, "abcd");
  {
    busbar_message* message = receive(worker);
    busbar_message_free(message);
  }
  OK(busbar_endpoint_close(worker, 0, NULL));
  {
    char seen[4] = "";
    for (size_t i = 0; i < 3; ++i) {
      busbar_message* message = receive(second);
      seen[i] = *(const char*)busbar_message_borrow_payload(message).data;
      busbar_message_free(message);
    }
    /* The second worker keeps the order of what it had; it gets one more, somewhere. */
    CHECK(strchr(seen, 'a') == NULL || strchr(seen, 'b') == NULL);
    CHECK(strchr(seen, 'c') != NULL && strchr(seen, 'd') != NULL);
  }
  busbar_selector_free(to);
  OK(busbar_endpoint_close(second, 0, NULL));
}

/* Run by a process of its own: borrows one message and is killed with it. */
static int borrow_for_ever(const char* bus) {
  busbar_endpoint* endpoint = join(bus, "borrower");
  busbar_message* message = NULL;
  busbar_span payload;
  OK(busbar_endpoint_borrow_next(endpoint, 10000, &message, &payload));
  CHECK(payload.bytes == 1 && *(const char*)payload.data == '1');
  CHECK(write(STDOUT_FILENO, "b", 1) == 1);
  for (;;) pause();
}

/* The message that it had borrowed counts as received: nobody else gets what a program may have
 * acted on. The messages behind that one come to the other match. */
static void test_borrowed_at_a_kill(const char* program, const char* bus, busbar_endpoint* sender) {
  busbar_endpoint* heir;
  busbar_selector* to = NULL;
  int out[2];
  char said = 0;
  pid_t child;
  CHECK(pipe(out) == 0);
  child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    dup2(out[1], STDOUT_FILENO);
    execl(program, program, bus, "borrow", (char*)NULL);
    _exit(9);
  }
  close(out[1]);
  wait_for(sender, "borrower");
  OK(busbar_selector_parse(sender, "borrower | heir", BUSBAR_UNICAST, &to));
  send_all(sender, to, "123");
  CHECK(read(out[0], &said, 1) == 1 && said == 'b');
  heir = join(bus, "heir");
  wait_for(sender, "heir");
  CHECK(kill(child, SIGKILL) == 0);
  CHECK(waitpid(child, NULL, 0) == child);
  expect(heir, "2", 1);
  expect(heir, "3", 1);
  send_all(sender, to, "4");
  expect(heir, "4", 1);
  CHECK(atomic_load(&undelivered) == 0);
  close(out[0]);
  busbar_selector_free(to);
  OK(busbar_endpoint_close(heir, 1000, NULL));
}

int main(int argc, char** argv) {
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_endpoint *sender = NULL, *worker;
  if (argc == 3) return borrow_for_ever(argv[1]);
  if (argc != 2) return 2;
  options.on_event = count_undelivered;
  OK(busbar_endpoint_join(argv[1], &options, &sender));
  worker = join(argv[1], "worker");
  wait_for(sender, "worker");
  test_refusing(sender, worker);
  test_closing(argv[1], sender, worker);
  test_borrowed_at_a_kill(argv[0], argv[1], sender);
  OK(busbar_endpoint_close(sender, 1000, NULL));
  puts("all as busbar.h says");
  return 0;
}
