/* Several threads wait on one endpoint, in both orders: one receives while another waits for a
 * delivery, for room in the queue or for a member to join. Ends with 0 if all waits end: threads
 * <bus> */
#include <busbar.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "check.h"

#define ROUNDS 100

struct side {
  busbar_endpoint* endpoint;
  pthread_t thread;
};

static void start(struct side* side, void* (*run)(void*)) {
  CHECK(pthread_create(&side->thread, NULL, run, side) == 0);
}
static void join_thread(const struct side* side) { CHECK(pthread_join(side->thread, NULL) == 0); }

/* Answers one message with its own text. */
static void* answer_one(void* context) {
  const struct side* self = context;
  busbar_selector* asker = select_one(self->endpoint, "asker");
  busbar_message* question = receive(self->endpoint);
  const busbar_span content = busbar_message_borrow_payload(question);
  const busbar_outgoing answer = bytes(content.data, content.bytes);
  OK(busbar_endpoint_send(self->endpoint, asker, &answer, NULL));
  busbar_message_free(question);
  busbar_selector_free(asker);
  return NULL;
}

struct asker {
  struct side side;
  /* If set, started by the asker, so that the answer is received only then. */
  struct side* answerer;
};

/* Handles a message only after it has asked back and got the answer. */
static void* ask_back(void* context) {
  struct asker* self = context;
  busbar_endpoint* endpoint = self->side.endpoint;
  busbar_selector* owner = select_one(endpoint, "owner");
  busbar_message* job = receive(endpoint);
  const busbar_outgoing question = bytes("why?", 4);
  busbar_message* answer;
  if (self->answerer != NULL) start(self->answerer, answer_one);
  OK(busbar_endpoint_send(endpoint, owner, &question, NULL));
  answer = receive(endpoint);
  CHECK(memcmp(busbar_message_borrow_payload(answer).data, "why?", 4) == 0);
  busbar_message_free(answer);
  busbar_message_free(job);
  busbar_selector_free(owner);
  return NULL;
}

/* One thread of `owner` waits for a delivery, which cannot end before another one receives. */
static void test_delivery_beside_receive(busbar_endpoint* owner, busbar_endpoint* peer,
                                         int receiver_first) {
  busbar_selector* to_asker = select_one(owner, "asker");
  const busbar_outgoing job = bytes("job", 3);
  int round;
  for (round = 0; round < ROUNDS; ++round) {
    struct side answerer = {.endpoint = owner};
    struct asker asker = {.side = {.endpoint = peer}};
    if (receiver_first) {
      start(&answerer, answer_one);
    } else {
      asker.answerer = &answerer;
    }
    CHECK(pthread_create(&asker.side.thread, NULL, ask_back, &asker) == 0);
    OK(busbar_endpoint_deliver(owner, to_asker, &job, BUSBAR_HANDLED, 10000, NULL));
    join_thread(&asker.side);
    join_thread(&answerer);
  }
  busbar_selector_free(to_asker);
}

static void* receive_one(void* context) {
  const struct side* self = context;
  busbar_message_free(receive(self->endpoint));
  return NULL;
}

/* The message for the receiving thread arrives while the other thread waits for room. */
static void test_drain_beside_receive(busbar_endpoint* owner, busbar_endpoint* peer) {
  busbar_selector* to_asker = select_one(owner, "asker");
  busbar_selector* to_owner = select_one(peer, "owner");
  static char payload[2000];
  const busbar_outgoing message = bytes(payload, sizeof payload);
  int round;
  for (round = 0; round < ROUNDS; ++round) {
    struct side receiver = {.endpoint = owner};
    struct side feeder = {.endpoint = peer};
    int sent = 0;
    while (busbar_endpoint_send(owner, to_asker, &message, NULL) == BUSBAR_OK) ++sent;
    start(&receiver, receive_one);
    OK(busbar_endpoint_send(peer, to_owner, &message, NULL));
    for (start(&feeder, receive_one); sent > 1; --sent) {
      join_thread(&feeder);
      start(&feeder, receive_one);
    }
    OK(busbar_endpoint_drain(owner, 10000));
    join_thread(&feeder);
    join_thread(&receiver);
  }
  busbar_selector_free(to_asker);
  busbar_selector_free(to_owner);
}

struct watcher {
  struct side side;
  atomic_int* waiting;
};
static void* wait_for_both(void* context) {
  const struct watcher* self = context;
  busbar_selector* late = select_one(self->side.endpoint, "late");
  atomic_fetch_add(self->waiting, 1);
  OK(busbar_endpoint_wait_for(self->side.endpoint, late, 1, 10000));
  busbar_selector_free(late);
  return NULL;
}

/* The receiving thread gets a message, the other one sees a member join, in either order. */
static void test_waiting_for_a_member_beside_receive(const char* bus, busbar_endpoint* owner,
                                                     busbar_endpoint* peer) {
  busbar_selector* to_owner = select_one(peer, "owner");
  const busbar_outgoing message = bytes("x", 1);
  int round;
  for (round = 0; round < ROUNDS / 10; ++round) {
    atomic_int waiting = 0;
    struct watcher watcher = {.side = {.endpoint = owner}, .waiting = &waiting};
    struct side receiver = {.endpoint = owner};
    busbar_endpoint* late;
    CHECK(pthread_create(&watcher.side.thread, NULL, wait_for_both, &watcher) == 0);
    while (atomic_load(&waiting) == 0) sched_yield();
    start(&receiver, receive_one);
    if (round % 2 == 0) OK(busbar_endpoint_send(peer, to_owner, &message, NULL));
    late = join(bus, "late");
    if (round % 2 == 1) OK(busbar_endpoint_send(peer, to_owner, &message, NULL));
    join_thread(&watcher.side);
    join_thread(&receiver);
    OK(busbar_endpoint_close(late, 1000, NULL));
  }
  busbar_selector_free(to_owner);
}

int main(int argc, char** argv) {
  busbar_endpoint *owner, *peer;
  if (argc != 2) return 2;
  owner = join(argv[1], "owner");
  peer = join(argv[1], "asker");
  test_delivery_beside_receive(owner, peer, 0);
  test_delivery_beside_receive(owner, peer, 1);
  test_drain_beside_receive(owner, peer);
  test_waiting_for_a_member_beside_receive(argv[1], owner, peer);
  OK(busbar_endpoint_close(owner, 1000, NULL));
  OK(busbar_endpoint_close(peer, 1000, NULL));
  puts("all as busbar.h says");
  return 0;
}
