/* What waits in the process of a receiver that is killed, received and not yet its program's, goes
 * to the next match, in order; what its program has got goes to nobody else. Ends with 0 if all is
 * as busbar.h says: killed_receiver <bus> */
#include <busbar.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define MESSAGES 100

static int take(busbar_endpoint* endpoint, int borrows) {
  int number = 0;
  if (borrows) {
    busbar_message* message = NULL;
    busbar_span payload;
    OK(busbar_endpoint_borrow_next(endpoint, 20000, &message, &payload));
    CHECK(payload.bytes == sizeof number);
    memcpy(&number, payload.data, sizeof number);
    busbar_endpoint_release_borrowed(endpoint);
  } else {
    busbar_message* message = receive(endpoint);
    const busbar_span payload = busbar_message_borrow_payload(message);
    CHECK(payload.bytes == sizeof number);
    memcpy(&number, payload.data, sizeof number);
    busbar_message_free(message);
  }
  return number;
}

/* Joins, and kills itself when it has got message `last`. `mixed`: the first by a copy, so that
 * those behind it wait in the process, and the others borrowed. */
static int be_victim(const char* bus, const char* way, int last) {
  busbar_endpoint* endpoint = join(bus, "worker");
  int taken = 0;
  CHECK(endpoint != NULL);
  /* Once all messages are there. */
  expect(endpoint, "begin", 5);
  while (taken != last) {
    const int borrows = strcmp(way, "borrow") == 0 || (strcmp(way, "mixed") == 0 && taken != 0);
    taken = take(endpoint, borrows);
  }
  CHECK(raise(SIGKILL) == 0);
  return 1;
}

static void test_way(busbar_endpoint* sender, const char* program, const char* bus, const char* way,
                     int last) {
  busbar_selector* to_worker = select_one(sender, "worker");
  busbar_outgoing message = bytes("begin", 5);
  busbar_endpoint* next;
  char text[16];
  int number;
  const pid_t child = fork();
  CHECK(child >= 0);
  snprintf(text, sizeof text, "%d", last);
  if (child == 0) {
    execl(program, program, bus, way, text, (char*)NULL);
    _exit(127);
  }
  OK(busbar_endpoint_wait_for(sender, to_worker, 1, 20000));
  /* Stopped, so that all of them are there when it takes the first. */
  CHECK(kill(child, SIGSTOP) == 0);
  OK(busbar_endpoint_send(sender, to_worker, &message, NULL));
  for (number = 1; number <= MESSAGES; ++number) {
    message = bytes(&number, sizeof number);
    message.ttl_ms = 60000;
    OK(busbar_endpoint_send(sender, to_worker, &message, NULL));
  }
  CHECK(kill(child, SIGCONT) == 0);
  CHECK(waitpid(child, NULL, 0) == child);
  next = join(bus, "worker");
  for (number = last + 1; number <= MESSAGES; ++number) CHECK(take(next, 0) == number);
  OK(busbar_endpoint_close(next, 1000, NULL));
  busbar_selector_free(to_worker);
}

int main(int argc, char** argv) {
  const char* const ways[] = {"copy", "borrow", "mixed"};
  const int lasts[] = {1, 2, 50};
  busbar_endpoint* sender;
  size_t way, last;
  CHECK(argc >= 2);
  if (argc == 4) return be_victim(argv[1], argv[2], atoi(argv[3]));
  sender = join(argv[1], "sender");
  for (way = 0; way < sizeof ways / sizeof *ways; ++way) {
    for (last = 0; last < sizeof lasts / sizeof *lasts; ++last)
      test_way(sender, argv[0], argv[1], ways[way], lasts[last]);
  }
  OK(busbar_endpoint_close(sender, 1000, NULL));
  puts("all as busbar.h says");
  return 0;
}
