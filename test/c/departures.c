/* What an endpoint hears of a peer that dies comes in order, although two of its threads call the
 * library: every message that the peer did not take first, then that it has left, and nothing about
 * it afterwards. Ends with 0 if all is as busbar.h says: departures <bus> */
#include <busbar.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define ROUNDS 30
#define MESSAGES 7

/* Of one peer. */
struct news {
  _Atomic uint64_t peer_id;
  atomic_int undelivered;
  atomic_int failed;
  atomic_int left;
  /* How many were undelivered, and how many deliveries had failed, when it had left. */
  atomic_int before;
};

static void note(void* context, const busbar_event* event) {
  struct news* news = context;
  if (event->peer_id == 0 || event->peer_id != atomic_load(&news->peer_id)) return;
  switch (event->kind) {
    case BUSBAR_EVENT_UNDELIVERED:
      CHECK(atomic_load(&news->left) == 0);
      atomic_fetch_add(&news->undelivered, 1);
      break;
    case BUSBAR_EVENT_DELIVERY_FAILED:
      CHECK(atomic_load(&news->left) == 0);
      atomic_fetch_add(&news->failed, 1);
      break;
    case BUSBAR_EVENT_PEER_LEFT:
      atomic_store(&news->before, atomic_load(&news->undelivered) + atomic_load(&news->failed));
      atomic_fetch_add(&news->left, 1);
      break;
    default:
      break;
  }
}

/* Joins and takes nothing, until it is killed. */
static int be_victim(const char* bus) {
  busbar_endpoint* endpoint = join(bus, "victim");
  CHECK(endpoint != NULL);
  for (;;) pause();
}

struct side {
  pthread_t thread;
  busbar_endpoint* endpoint;
  atomic_int* ended;
};

static void* receive_all(void* context) {
  const struct side* self = context;
  while (atomic_load(self->ended) == 0) {
    busbar_message* message = NULL;
    const busbar_status status = busbar_endpoint_receive(self->endpoint, 20, &message);
    CHECK(status == BUSBAR_TIMEOUT || status == BUSBAR_OK);
    busbar_message_free(message);
  }
  return NULL;
}

static void* dispatch_all(void* context) {
  const struct side* self = context;
  busbar_selector* nobody = select_one(self->endpoint, "nobody");
  while (atomic_load(self->ended) == 0) {
    OK(busbar_endpoint_dispatch(self->endpoint));
    CHECK(busbar_endpoint_wait_for(self->endpoint, nobody, 1, 1) == BUSBAR_TIMEOUT);
  }
  busbar_selector_free(nobody);
  return NULL;
}

static pid_t start_victim(const char* program, const char* bus) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    execl(program, program, bus, "victim", (char*)NULL);
    _exit(127);
  }
  return child;
}

static void test_round(busbar_endpoint* endpoint, struct news* news, const char* program,
                       const char* bus) {
  busbar_selector* to_victim = select_one(endpoint, "victim");
  const busbar_outgoing message = bytes("never taken", 11);
  const pid_t child = start_victim(program, bus);
  const struct timespec moment = {0, 200000};
  busbar_receipt receipt = {.size = sizeof receipt};
  int i;
  OK(busbar_endpoint_wait_for(endpoint, to_victim, 1, 20000));
  OK(busbar_endpoint_send_with_receipt(endpoint, to_victim, &message, &receipt));
  atomic_store(&news->undelivered, 0);
  atomic_store(&news->failed, 0);
  atomic_store(&news->left, 0);
  atomic_store(&news->peer_id, receipt.peer_id);
  for (i = 1; i < MESSAGES; ++i) {
    uint64_t delivery;
    /* In turn with a promise. */
    if (i % 2 == 0) {
      OK(busbar_endpoint_start_delivery(endpoint, to_victim, &message, BUSBAR_TAKEN, &delivery,
                                        NULL));
    } else {
      OK(busbar_endpoint_send(endpoint, to_victim, &message, NULL));
    }
  }
  CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
  while (atomic_load(&news->left) == 0) nanosleep(&moment, NULL);
  /* Each of them was undelivered; those with a promise have failed besides. */
  CHECK(atomic_load(&news->before) == MESSAGES + (MESSAGES - 1) / 2);
  CHECK(atomic_load(&news->left) == 1);
  busbar_selector_free(to_victim);
}

int main(int argc, char** argv) {
  struct news news = {.peer_id = 0};
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  atomic_int ended = 0;
  struct side receiver, dispatcher;
  int round;
  CHECK(argc >= 2);
  if (argc == 3) return be_victim(argv[1]);
  options.on_event = note;
  options.context = &news;
  OK(busbar_endpoint_join(argv[1], &options, &receiver.endpoint));
  busbar_endpoint_watch_peers(receiver.endpoint, 1);
  dispatcher.endpoint = receiver.endpoint;
  receiver.ended = dispatcher.ended = &ended;
  CHECK(pthread_create(&receiver.thread, NULL, receive_all, &receiver) == 0);
  CHECK(pthread_create(&dispatcher.thread, NULL, dispatch_all, &dispatcher) == 0);
  for (round = 0; round < ROUNDS; ++round) test_round(receiver.endpoint, &news, argv[0], argv[1]);
  atomic_store(&ended, 1);
  CHECK(pthread_join(receiver.thread, NULL) == 0 && pthread_join(dispatcher.thread, NULL) == 0);
  OK(busbar_endpoint_close(receiver.endpoint, 1000, NULL));
  puts("all as busbar.h says");
  return 0;
}
