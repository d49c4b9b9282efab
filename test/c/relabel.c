/* Labels that change: all see them once the call has returned, what waits goes by them, events tell
 * of them, and wrong ones change nothing. Ends with 0 if all is as busbar.h says: relabel <bus> */
#include <busbar.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

#define ROUNDS 100

struct changes {
  int count;
  uint64_t peer_id;
  uint64_t pid;
};

static void note_change(void* context, const busbar_event* event) {
  struct changes* changes = context;
  if (event->kind != BUSBAR_EVENT_PEER_RELABELLED) return;
  ++changes->count;
  changes->peer_id = event->peer_id;
  changes->pid = event->count;
}

/* Never becomes controller. Under valgrind all threads take turns, so that members depose a
 * controller which only waits for its turn; and for a member that gets none for 250 ms, nobody
 * waits. */
static busbar_endpoint* join_as_member(const char* bus, const char* label,
                                       struct changes* changes) {
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_endpoint* endpoint = NULL;
  options.label = &label;
  options.label_count = 1;
  options.no_controller_affinity = 1;
  options.timeout_ms = 20000;
  if (changes != NULL) options.on_event = note_change;
  options.context = changes;
  OK(busbar_endpoint_join(bus, &options, &endpoint));
  return endpoint;
}

static size_t matches(busbar_endpoint* endpoint, const char* text) {
  busbar_selector* selector = select_one(endpoint, text);
  const size_t count = busbar_endpoint_count_matches(endpoint, selector);
  busbar_selector_free(selector);
  return count;
}

/* `peer` has exactly this label for `endpoint`; an empty string is no label. */
static void is_labelled(busbar_endpoint* endpoint, uint64_t peer, const char* first,
                        const char* second) {
  busbar_peer_list* peers = NULL;
  size_t i, found = 0;
  OK(busbar_endpoint_list_peers(endpoint, &peers));
  for (i = 0; i < busbar_peer_list_count(peers); ++i) {
    const char* wanted[] = {first, second};
    size_t at, has = 0;
    if (busbar_peer_list_id(peers, i) != peer) continue;
    ++found;
    for (at = 0; at < 2; ++at) {
      if (*wanted[at] == 0) continue;
      CHECK(strcmp(busbar_peer_list_borrow_label(peers, i, has), wanted[at]) == 0);
      ++has;
    }
    CHECK(busbar_peer_list_borrow_label(peers, i, has) == NULL);
  }
  CHECK(found == 1);
  busbar_peer_list_free(peers);
}

static void relabel(busbar_endpoint* endpoint, const char* first, const char* second) {
  const char* label[] = {first, second};
  OK(busbar_endpoint_relabel(endpoint, label, *second == 0 ? 1 : 2, 10000));
}

static void test_all_see_it(busbar_endpoint* watcher, busbar_endpoint* worker) {
  const uint64_t id = busbar_endpoint_id(worker);
  busbar_selector* to_worker = select_one(watcher, "worker");
  const busbar_outgoing message = bytes("x", 1);
  busbar_message* received;
  int round;
  is_labelled(watcher, id, "worker", "");
  for (round = 0; round < ROUNDS; ++round) {
    CHECK(matches(watcher, "worker & !busy") == 1);
    relabel(worker, "worker", "busy");
    CHECK(matches(watcher, "worker & !busy") == 0 && matches(watcher, "busy") == 1);
    is_labelled(watcher, id, "worker", "busy");
    relabel(worker, "worker", "");
    CHECK(matches(watcher, "busy") == 0);
  }
  /* Receivers see it, too, over a link that was there before. */
  OK(busbar_endpoint_send(watcher, to_worker, &message, NULL));
  expect(worker, "x", 1);
  relabel(watcher, "watcher", "");
  OK(busbar_endpoint_send(watcher, to_worker, &message, NULL));
  received = receive(worker);
  CHECK(strcmp(busbar_message_borrow_from_label(received, 0), "watcher") == 0);
  busbar_message_free(received);
  /* None at all. */
  OK(busbar_endpoint_relabel(worker, NULL, 0, 10000));
  is_labelled(watcher, id, "", "");
  CHECK(matches(watcher, "worker") == 0);
  relabel(worker, "worker", "");
  busbar_selector_free(to_worker);
}

/* What was sent before arrives, and what waits goes to whoever gets the label. */
static void test_what_waits(busbar_endpoint* sender, busbar_endpoint* worker) {
  busbar_selector* to_worker = select_one(sender, "worker");
  busbar_selector* to_late = select_one(sender, "late");
  busbar_outgoing message = bytes("before", 6);
  uint32_t receivers = 9;
  OK(busbar_endpoint_send(sender, to_worker, &message, NULL));
  message = bytes("waits", 5);
  CHECK(busbar_endpoint_send(sender, to_late, &message, NULL) == BUSBAR_NO_RECIPIENT);
  message.ttl_ms = 60000;
  OK(busbar_endpoint_send(sender, to_late, &message, &receivers));
  CHECK(receivers == 0);
  relabel(worker, "late", "");
  expect(worker, "before", 6);
  expect(worker, "waits", 5);
  relabel(worker, "worker", "");
  busbar_selector_free(to_worker);
  busbar_selector_free(to_late);
}

static void test_events(const char* bus, busbar_endpoint* worker) {
  struct changes changes = {0, 0, 0};
  busbar_endpoint* watcher = join_as_member(bus, "third", &changes);
  busbar_peer_list* peers = NULL;
  size_t i;
  /* Not asked for. */
  relabel(worker, "worker", "unseen");
  OK(busbar_endpoint_dispatch(watcher));
  CHECK(changes.count == 0);
  busbar_endpoint_watch_peers(watcher, 1);
  relabel(worker, "worker", "seen");
  while (changes.count == 0) {
    busbar_message* none = NULL;
    CHECK(busbar_endpoint_receive(watcher, 10, &none) == BUSBAR_TIMEOUT);
  }
  CHECK(changes.count == 1 && changes.peer_id == busbar_endpoint_id(worker));
  OK(busbar_endpoint_list_peers(watcher, &peers));
  for (i = 0; i < busbar_peer_list_count(peers); ++i) {
    if (busbar_peer_list_id(peers, i) != changes.peer_id) continue;
    CHECK(busbar_peer_list_pid(peers, i) == changes.pid);
    CHECK(strcmp(busbar_peer_list_borrow_label(peers, i, 1), "seen") == 0);
  }
  busbar_peer_list_free(peers);
  /* The watcher's own label is no news for it. */
  relabel(watcher, "watcher", "");
  busbar_endpoint_watch_peers(watcher, 0);
  relabel(worker, "worker", "");
  OK(busbar_endpoint_dispatch(watcher));
  CHECK(changes.count == 1);
  OK(busbar_endpoint_close(watcher, 1000, NULL));
}

static void test_refusals(busbar_endpoint* watcher, busbar_endpoint* worker) {
  static char longest[257];
  const uint64_t id = busbar_endpoint_id(worker);
  const char* empty[] = {""};
  const char* twice[] = {"x", "x"};
  const char* missing[] = {"x", NULL};
  const char* wrong[] = {"\xff"};
  const char* too_long[] = {longest};
  const char* many[33];
  char numbers[33][3];
  size_t i;
  memset(longest, 'l', 256);
  for (i = 0; i < 33; ++i) {
    snprintf(numbers[i], sizeof numbers[i], "%d", (int)i);
    many[i] = numbers[i];
  }
  CHECK(busbar_endpoint_relabel(NULL, empty, 0, 1000) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_endpoint_relabel(worker, NULL, 1, 1000) == BUSBAR_INVALID_LABEL);
  CHECK(busbar_endpoint_relabel(worker, missing, 2, 1000) == BUSBAR_INVALID_LABEL);
  CHECK(busbar_endpoint_relabel(worker, empty, 1, 1000) == BUSBAR_INVALID_LABEL);
  CHECK(busbar_endpoint_relabel(worker, twice, 2, 1000) == BUSBAR_INVALID_LABEL);
  CHECK(busbar_endpoint_relabel(worker, wrong, 1, 1000) == BUSBAR_INVALID_LABEL);
  CHECK(busbar_endpoint_relabel(worker, too_long, 1, 1000) == BUSBAR_INVALID_LABEL);
  CHECK(busbar_endpoint_relabel(worker, many, 33, 1000) == BUSBAR_INVALID_LABEL);
  is_labelled(watcher, id, "worker", "");
  longest[255] = 0;
  OK(busbar_endpoint_relabel(worker, too_long, 1, 10000));
  is_labelled(watcher, id, longest, "");
  OK(busbar_endpoint_relabel(worker, many, 32, 10000));
  relabel(worker, "worker", "");
}

struct side {
  pthread_t thread;
  busbar_endpoint* worker;
  busbar_endpoint* watcher;
  const char* name;
};

/* After each call, others see this label, or one that the other thread has asked for later. */
static void* relabel_often(void* context) {
  const struct side* self = context;
  int round;
  for (round = 0; round < ROUNDS; ++round) {
    char number[8], before[8];
    snprintf(number, sizeof number, "%d", round);
    snprintf(before, sizeof before, "\"%d\"", round - 1);
    relabel(self->worker, self->name, number);
    {
      char text[32];
      snprintf(text, sizeof text, "%s & %s", self->name, before);
      CHECK(matches(self->watcher, text) == 0);
    }
  }
  return NULL;
}

static void test_two_threads(busbar_endpoint* watcher, busbar_endpoint* worker) {
  struct side sides[2] = {{.worker = worker, .watcher = watcher, .name = "one"},
                          {.worker = worker, .watcher = watcher, .name = "two"}};
  char last[16];
  size_t i;
  for (i = 0; i < 2; ++i)
    CHECK(pthread_create(&sides[i].thread, NULL, relabel_often, &sides[i]) == 0);
  for (i = 0; i < 2; ++i) CHECK(pthread_join(sides[i].thread, NULL) == 0);
  snprintf(last, sizeof last, "\"%d\"", ROUNDS - 1);
  CHECK(matches(watcher, last) == 1);
  relabel(worker, "worker", "");
}

int main(int argc, char** argv) {
  busbar_endpoint *watcher, *worker;
  CHECK(argc == 2);
  watcher = join(argv[1], "first");
  worker = join_as_member(argv[1], "worker", NULL);
  test_all_see_it(watcher, worker);
  test_what_waits(watcher, worker);
  test_events(argv[1], worker);
  test_refusals(watcher, worker);
  test_two_threads(watcher, worker);
  OK(busbar_endpoint_close(worker, 1000, NULL));
  OK(busbar_endpoint_close(watcher, 1000, NULL));
  puts("all as busbar.h says");
  return 0;
}
