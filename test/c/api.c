/* The C interface from one process: every function, and what it refuses. Ends with 0 if all is as
 * documented in busbar.h: api <bus> */
#include <busbar.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static busbar_uuid text_type;
static busbar_uuid bytes_type;

static void test_values(void) {
  busbar_uuid uuid;
  CHECK(busbar_abi_version() == BUSBAR_ABI_VERSION);
  CHECK(strcmp(busbar_status_string(BUSBAR_QUEUE_FULL), "the send queue is full") == 0);
  CHECK(strcmp(busbar_status_name(BUSBAR_TOO_SLOW), "TooSlow") == 0);
  CHECK(busbar_status_string(9999) != NULL);
  CHECK(busbar_last_failure().status == BUSBAR_OK && busbar_last_failure().call == NULL);
  CHECK(busbar_uuid_parse("nonsense", &uuid) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_uuid_parse("7b07473e-9659-4d47-a502-8245d71c007g", &uuid) ==
        BUSBAR_INVALID_ARGUMENT);
  OK(busbar_uuid_parse("7B07473e-9659-4d47-a502-8245d71c0078", &uuid));
  CHECK(uuid.bytes[0] == 0x7b && uuid.bytes[15] == 0x78);
}

static void test_refusals(void) {
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_endpoint* endpoint = NULL;
  busbar_expression* expression = NULL;
  size_t offset = 0;
  char* name = calloc(1, 300);
  CHECK(busbar_endpoint_join("", NULL, &endpoint) == BUSBAR_INVALID_IDENTIFIER);
  options.ring_bytes = 12345;
  CHECK(busbar_endpoint_join("bus", &options, &endpoint) == BUSBAR_INVALID_ARGUMENT);
  options.size = 0;
  CHECK(busbar_endpoint_join("bus", &options, &endpoint) == BUSBAR_INVALID_ARGUMENT);
  CHECK(endpoint == NULL);
  memset(name, 'a', 256);
  CHECK(busbar_expression_label(name, &expression) == BUSBAR_INVALID_LABEL);
  CHECK(busbar_expression_label("\xff", &expression) == BUSBAR_INVALID_LABEL);
  free(name);
  CHECK(busbar_expression_parse("a & & b", &expression, &offset) == BUSBAR_INVALID_SELECTOR);
  CHECK(offset == 4 && expression == NULL);
  OK(busbar_endpoint_close(NULL, 0, NULL));
}

static void test_expressions(busbar_endpoint* a) {
  busbar_expression *here, *there, *either, *nobody, *parsed, *me;
  busbar_selector* selector;
  OK(busbar_expression_label("a", &here));
  OK(busbar_expression_label("b", &there));
  OK(busbar_expression_or(here, there, &either));
  OK(busbar_expression_not(either, &nobody));
  OK(busbar_expression_peer(busbar_endpoint_id(a), &me));
  OK(busbar_expression_parse("(a | b) & !c & true", &parsed, NULL));
  OK(busbar_selector_create(a, either, BUSBAR_MULTICAST, &selector));
  CHECK(busbar_endpoint_count_matches(a, selector) == 2);
  busbar_selector_free(selector);
  OK(busbar_selector_create(a, parsed, BUSBAR_MULTICAST | BUSBAR_EXCLUDE_SELF, &selector));
  CHECK(busbar_endpoint_count_matches(a, selector) == 1);
  busbar_selector_free(selector);
  OK(busbar_selector_create(a, nobody, BUSBAR_MULTICAST, &selector));
  CHECK(busbar_endpoint_count_matches(a, selector) == 0);
  busbar_selector_free(selector);
  OK(busbar_selector_create(a, me, BUSBAR_UNICAST, &selector));
  CHECK(busbar_endpoint_count_matches(a, selector) == 1);
  busbar_selector_free(selector);
  CHECK(busbar_selector_create(a, me, 77, &selector) == BUSBAR_INVALID_ARGUMENT);
  busbar_expression_free(here);
  busbar_expression_free(there);
  busbar_expression_free(either);
  busbar_expression_free(nobody);
  busbar_expression_free(parsed);
  busbar_expression_free(me);
}

static void test_messages(busbar_endpoint* a, busbar_endpoint* b) {
  static char large[300000];
  const size_t sizes[] = {0, 1, 64, 5000, 40000, sizeof large};
  busbar_selector* to_b = select_one(a, "b");
  busbar_selector* to_nobody = select_one(a, "nobody");
  busbar_message_info info = {.size = sizeof info};
  busbar_outgoing message;
  busbar_message* received;
  uint32_t receivers = 7;
  size_t i;

  memset(large, 'x', sizeof large);
  CHECK(busbar_endpoint_receive(b, 0, &received) == BUSBAR_WOULD_BLOCK);
  CHECK(busbar_endpoint_receive(b, 1, &received) == BUSBAR_TIMEOUT);
  for (i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
    message = bytes(large, sizes[i]);
    OK(busbar_endpoint_send(a, to_b, &message, &receivers));
    CHECK(receivers == 1);
    expect(b, large, sizes[i]);
  }
  message = bytes("x", 1);
  CHECK(busbar_endpoint_send(a, to_nobody, &message, &receivers) == BUSBAR_NO_RECIPIENT);
  message.ttl_ms = 1;
  OK(busbar_endpoint_send(a, to_nobody, &message, &receivers));
  CHECK(receivers == 0);
  message.payload = NULL;
  CHECK(busbar_endpoint_send(a, to_b, &message, NULL) == BUSBAR_INVALID_ARGUMENT);

  message = bytes("question", 8);
  message.format = 4711;
  OK(busbar_endpoint_send(a, to_b, &message, NULL));
  received = receive(b);
  OK(busbar_message_get_info(received, &info));
  CHECK(info.format == 4711 && info.from_id == busbar_endpoint_id(a));
  CHECK(info.from_pid == (uint32_t)getpid() && info.reply_to == 0);
  CHECK(strcmp(busbar_message_borrow_from_label(received, 0), "a") == 0);
  CHECK(busbar_message_borrow_from_label(received, 1) == NULL);
  message = bytes("answer", 6);
  OK(busbar_message_reply(received, &message));
  busbar_message_free(received);
  received = receive(a);
  {
    const uint64_t asked = info.id;
    OK(busbar_message_get_info(received, &info));
    CHECK(info.reply_to == asked);
  }
  busbar_message_free(received);
  busbar_selector_free(to_b);
  busbar_selector_free(to_nobody);
}

static void test_zero_copy(busbar_endpoint* a, busbar_endpoint* b) {
  const size_t sizes[] = {0, 64, 3000, 200000};
  busbar_selector* to_b = select_one(a, "b");
  busbar_selector* to_all = NULL;
  busbar_outgoing message;
  busbar_message* received;
  busbar_span payload;
  void* place = NULL;
  int round;
  size_t i;

  OK(busbar_selector_parse(a, "b", BUSBAR_MULTICAST, &to_all));
  CHECK(busbar_endpoint_reserve(a, to_all, 8, &place) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_endpoint_commit(a, bytes_type, 0) == BUSBAR_INVALID_ARGUMENT);
  busbar_endpoint_cancel(a);
  for (round = 0; round < 50; ++round) {
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
      OK(busbar_endpoint_reserve(a, to_b, sizes[i], &place));
      CHECK(busbar_endpoint_reserve(a, to_b, 8, &place) == BUSBAR_INVALID_ARGUMENT);
      memset(place, round, sizes[i]);
      /* A message sent meanwhile waits until the end of the ring is free again. */
      message = bytes("behind", 6);
      if (sizes[i] <= 3000) OK(busbar_endpoint_send(a, to_b, &message, NULL));
      OK(busbar_endpoint_commit(a, bytes_type, 9));
      if (sizes[i] > 3000) OK(busbar_endpoint_send(a, to_b, &message, NULL));
      OK(busbar_endpoint_borrow_next(b, 10000, &received, &payload));
      CHECK(payload.bytes == sizes[i]);
      CHECK(sizes[i] == 0 || (((const char*)payload.data)[0] == round &&
                              ((const char*)payload.data)[sizes[i] - 1] == round));
      CHECK(busbar_endpoint_receive(b, 0, &received) == BUSBAR_INVALID_ARGUMENT);
      busbar_endpoint_release_borrowed(b);
      busbar_endpoint_release_borrowed(b);
      expect(b, "behind", 6);
    }
    OK(busbar_endpoint_reserve(a, to_b, 100, &place));
    busbar_endpoint_cancel(a);
  }
  busbar_selector_free(to_b);
  busbar_selector_free(to_all);
}

static void test_objects_and_regions(busbar_endpoint* a, busbar_endpoint* b) {
  busbar_selector* to_b = select_one(a, "b");
  busbar_message_info info = {.size = sizeof info};
  busbar_outgoing message = bytes(NULL, 0);
  busbar_region *region = NULL, *second = NULL, *taken = NULL;
  busbar_region_range range;
  busbar_message* received;
  busbar_object object, got;
  int32_t kind = BUSBAR_OBJECT_SOCKET;
  int ends[2];
  char byte = 0;

  CHECK(busbar_region_create(0, 0, &region) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_region_create(4096, 77, &region) == BUSBAR_INVALID_ARGUMENT);
  OK(busbar_region_create(10000, BUSBAR_REGION_READ_ONLY, &region));
  CHECK(busbar_region_bytes(region) == 10000 && busbar_region_is_writable(region));
  CHECK(busbar_region_references(region) == 1);
  OK(busbar_region_duplicate(region, &second));
  CHECK(busbar_region_references(region) == 2 &&
        busbar_region_id(region) == busbar_region_id(second));
  busbar_region_free(second);
  strcpy((char*)busbar_region_map(region) + 100, "in the middle");
  CHECK(pipe(ends) == 0);
  object = ends[1];
  range.region = region;
  range.offset = 9999;
  range.bytes = 2;
  message.objects = &object;
  message.object_count = 1;
  message.regions = &range;
  message.region_count = 1;
  CHECK(busbar_endpoint_send(a, to_b, &message, NULL) == BUSBAR_INVALID_ARGUMENT);
  range.offset = 100;
  range.bytes = 50;
  /* A kind of another system, then an unknown one. */
  message.object_kinds = &kind;
  CHECK(busbar_endpoint_send(a, to_b, &message, NULL) == BUSBAR_UNSUPPORTED);
  kind = BUSBAR_OBJECT_UNUSABLE;
  CHECK(busbar_endpoint_send(a, to_b, &message, NULL) == BUSBAR_INVALID_ARGUMENT);
  kind = BUSBAR_OBJECT_DESCRIPTOR;
  OK(busbar_endpoint_send(a, to_b, &message, NULL));
  close(ends[1]);
  received = receive(b);
  OK(busbar_message_get_info(received, &info));
  CHECK(info.object_count == 1 && info.region_count == 1 && info.lost == 0);
  CHECK(busbar_message_take_object(received, 1, &got) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_message_get_object_kind(received, 1, &kind) == BUSBAR_INVALID_ARGUMENT);
  kind = -1;
  OK(busbar_message_get_object_kind(received, 0, &kind));
  CHECK(kind == BUSBAR_OBJECT_DESCRIPTOR);
  OK(busbar_message_take_object(received, 0, &got));
  CHECK(busbar_message_get_object_kind(received, 0, &kind) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_message_take_object(received, 0, &got) == BUSBAR_INVALID_ARGUMENT);
  OK(busbar_message_take_region(received, 0, &taken, &range));
  CHECK(busbar_message_take_region(received, 0, &taken, NULL) == BUSBAR_INVALID_ARGUMENT);
  CHECK(range.offset == 100 && range.bytes == 50);
  CHECK(strcmp((char*)busbar_region_map(taken) + range.offset, "in the middle") == 0);
  busbar_message_free(received);
  CHECK(write((int)got, "!", 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == '!');
  close((int)got);
  close(ends[0]);
  busbar_region_free(taken);
  busbar_region_free(region);
  busbar_selector_free(to_b);
}

static atomic_int freed;
static void on_free(void* context) { atomic_fetch_add((atomic_int*)context, 1); }

static void test_registry(busbar_endpoint* a, busbar_endpoint* b) {
  busbar_registry_options options = BUSBAR_REGISTRY_OPTIONS_INIT;
  busbar_registry_stats stats = {.size = sizeof stats};
  busbar_selector* to_b = select_one(a, "b");
  busbar_registry* registry = NULL;
  busbar_region *region = NULL, *other = NULL;
  uint64_t id;
  int round;

  options.max_bytes = 3 << 20;
  OK(busbar_registry_create(&options, &registry));
  OK(busbar_registry_alloc(registry, 1 << 20, "frame", on_free, &freed, &region));
  id = busbar_region_id(region);
  for (round = 0; round < 100; ++round) {
    busbar_region_range range;
    busbar_outgoing message = bytes(NULL, 0);
    range.region = region;
    range.offset = 0;
    range.bytes = busbar_region_bytes(region);
    message.regions = &range;
    message.region_count = 1;
    memset(busbar_region_map(region), round, 1 << 20);
    OK(busbar_endpoint_send(a, to_b, &message, NULL));
    busbar_region_free(region);
    {
      busbar_message* received = receive(b);
      OK(busbar_message_take_region(received, 0, &other, NULL));
      busbar_message_free(received);
    }
    CHECK(((char*)busbar_region_map(other))[77] == round);
    busbar_region_free(other);
    /* The sender soon releases its own reference, kept in case the receiver died. */
    while (atomic_load(&freed) == round) sched_yield();
    OK(busbar_registry_alloc(registry, 1 << 20, "frame", on_free, &freed, &region));
    CHECK(busbar_region_id(region) == id);
  }
  OK(busbar_registry_get_stats(registry, &stats));
  CHECK(stats.created == 1 && stats.reused == 100 && stats.regions == 1 && stats.in_use == 1);
  OK(busbar_registry_alloc(registry, 2 << 20, NULL, NULL, NULL, &other));
  CHECK(busbar_registry_alloc(registry, 4096, NULL, NULL, NULL, &other) == BUSBAR_LIMIT_EXCEEDED);
  CHECK(busbar_registry_maintain(registry) == 0);
  busbar_region_free(other);
  busbar_region_free(region);
  busbar_registry_free(registry);
  busbar_selector_free(to_b);
}

static void* reader(void* context) {
  busbar_endpoint* endpoint = context;
  for (;;) {
    busbar_message* message = receive(endpoint);
    const int last = busbar_message_borrow_payload(message).bytes == 4;
    busbar_message_free(message);
    if (last) return NULL;
  }
}

static void test_deliveries(busbar_endpoint* a, busbar_endpoint* b) {
  busbar_selector* to_b = select_one(a, "b");
  busbar_outgoing message = bytes("x", 1);
  busbar_message* received;
  uint32_t receivers = 0;
  pthread_t thread;

  CHECK(busbar_endpoint_deliver(a, to_b, &message, 3, 0, NULL) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_endpoint_deliver(a, to_b, &message, BUSBAR_TAKEN, 5, NULL) == BUSBAR_TIMEOUT);
  CHECK(busbar_endpoint_receive(b, 10000, &received) == BUSBAR_OK);
  CHECK(busbar_endpoint_deliver(a, to_b, &message, BUSBAR_HANDLED, 5, NULL) == BUSBAR_TIMEOUT);
  busbar_message_free(received);
  CHECK(pthread_create(&thread, NULL, reader, b) == 0);
  OK(busbar_endpoint_deliver(a, to_b, &message, BUSBAR_TAKEN, 10000, &receivers));
  CHECK(receivers == 1);
  OK(busbar_endpoint_deliver(a, to_b, &message, BUSBAR_HANDLED, 10000, &receivers));
  message = bytes("last", 4);
  OK(busbar_endpoint_deliver(a, to_b, &message, BUSBAR_HANDLED, 10000, &receivers));
  CHECK(pthread_join(thread, NULL) == 0);
  busbar_selector_free(to_b);
}

#define THREADS 6
#define PER_THREAD 3000
struct sender {
  busbar_endpoint* endpoint;
  uint32_t number;
};

static void* send_many(void* context) {
  const struct sender* self = context;
  busbar_selector* to_b = select_one(self->endpoint, "b");
  uint32_t content[2];
  busbar_outgoing message = bytes(content, sizeof content);
  content[0] = self->number;
  for (content[1] = 0; content[1] < PER_THREAD;) {
    const busbar_status sent = busbar_endpoint_send(self->endpoint, to_b, &message, NULL);
    if (sent == BUSBAR_QUEUE_FULL) {
      OK(busbar_endpoint_drain(self->endpoint, 20000));
      continue;
    }
    OK(sent);
    ++content[1];
  }
  busbar_selector_free(to_b);
  return NULL;
}

static void test_threads(busbar_endpoint* a, busbar_endpoint* b) {
  pthread_t threads[THREADS];
  struct sender senders[THREADS];
  uint32_t next[THREADS] = {0};
  uint32_t i;
  for (i = 0; i < THREADS; ++i) {
    senders[i].endpoint = a;
    senders[i].number = i;
    CHECK(pthread_create(&threads[i], NULL, send_many, &senders[i]) == 0);
  }
  for (i = 0; i < THREADS * PER_THREAD; ++i) {
    busbar_message* message = receive(b);
    const uint32_t* content = busbar_message_borrow_payload(message).data;
    CHECK(content[0] < THREADS && content[1] == next[content[0]]);
    ++next[content[0]];
    busbar_message_free(message);
  }
  for (i = 0; i < THREADS; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
}

static void test_polling(busbar_endpoint* a, busbar_endpoint* b) {
  struct pollfd poller = {.fd = (int)busbar_endpoint_pollable(b), .events = POLLIN};
  busbar_selector* to_b = select_one(a, "b");
  busbar_outgoing message = bytes("x", 1);
  busbar_message* received = NULL;
  int round;
  CHECK(busbar_endpoint_receive(b, 0, &received) == BUSBAR_WOULD_BLOCK);
  for (round = 0; round < 200; ++round) {
    OK(busbar_endpoint_send(a, to_b, &message, NULL));
    CHECK(poll(&poller, 1, 10000) == 1);
    OK(busbar_endpoint_receive(b, 0, &received));
    busbar_message_free(received);
    CHECK(busbar_endpoint_receive(b, 0, &received) == BUSBAR_WOULD_BLOCK);
  }
  busbar_selector_free(to_b);
}

struct events {
  int undelivered;
  int dropped;
  int logs;
};
static void on_event(void* context, const busbar_event* event) {
  struct events* events = context;
  if (event->kind == BUSBAR_EVENT_UNDELIVERED) {
    CHECK(event->status == BUSBAR_NO_RECIPIENT && event->payload.bytes == 4);
    ++events->undelivered;
  }
  if (event->kind == BUSBAR_EVENT_DROPPED) ++events->dropped;
}
static void on_log(void* context, int32_t level, const char* text) {
  struct events* events = context;
  CHECK(level >= BUSBAR_LOG_WARNING && text[0] != 0);
  ++events->logs;
}

static void test_events_and_peers(const char* bus, busbar_endpoint* b) {
  struct events events = {0};
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_counters counters = {.size = sizeof counters};
  busbar_endpoint* endpoint = NULL;
  busbar_peer_list* list = NULL;
  busbar_selector *to_b, *to_late, *to_others = NULL;
  busbar_outgoing message = bytes("late", 4);
  uint64_t abandoned = 0;
  char payload[2000] = {0};
  busbar_message* none;
  uint32_t receivers = 1;
  size_t i, found = 0;

  options.ring_bytes = 16 << 10;
  options.queue_bytes = 16 << 10;
  options.on_event = on_event;
  options.on_log = on_log;
  options.context = &events;
  OK(busbar_endpoint_join(bus, &options, &endpoint));
  OK(busbar_endpoint_list_peers(endpoint, &list));
  CHECK(busbar_peer_list_count(list) == 3);
  for (i = 0; i < 3; ++i) {
    CHECK(busbar_peer_list_pid(list, i) == (uint32_t)getpid());
    if (busbar_peer_list_id(list, i) != busbar_endpoint_id(b)) continue;
    CHECK(strcmp(busbar_peer_list_borrow_label(list, i, 0), "b") == 0);
    CHECK(busbar_peer_list_borrow_label(list, i, 1) == NULL);
    ++found;
  }
  CHECK(found == 1);
  busbar_peer_list_free(list);

  to_b = select_one(endpoint, "b");
  to_late = select_one(endpoint, "late");
  OK(busbar_endpoint_wait_for(endpoint, to_b, 1, 0));
  OK(busbar_endpoint_matching_peers(endpoint, to_b, &list));
  CHECK(busbar_peer_list_count(list) == 1);
  CHECK(busbar_peer_list_id(list, 0) == busbar_endpoint_id(b));
  CHECK(strcmp(busbar_peer_list_borrow_label(list, 0, 0), "b") == 0);
  busbar_peer_list_free(list);
  OK(busbar_endpoint_matching_peers(endpoint, to_late, &list));
  CHECK(busbar_peer_list_count(list) == 0);
  busbar_peer_list_free(list);
  OK(busbar_selector_parse(endpoint, "true", BUSBAR_MULTICAST | BUSBAR_EXCLUDE_SELF, &to_others));
  OK(busbar_endpoint_matching_peers(endpoint, to_others, &list));
  CHECK(busbar_peer_list_count(list) == 2);
  for (i = 0; i < 2; ++i) CHECK(busbar_peer_list_id(list, i) != busbar_endpoint_id(endpoint));
  busbar_peer_list_free(list);
  busbar_selector_free(to_others);
  CHECK(busbar_endpoint_matching_peers(endpoint, NULL, &list) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_endpoint_wait_for(endpoint, to_late, 1, 1) == BUSBAR_TIMEOUT);
  message.ttl_ms = 1;
  OK(busbar_endpoint_send(endpoint, to_late, &message, NULL));
  while (events.undelivered == 0)
    CHECK(busbar_endpoint_receive(endpoint, 10, &none) == BUSBAR_TIMEOUT);

  message = bytes(payload, sizeof payload);
  message.when_full = BUSBAR_WHEN_FULL_DROP;
  while (receivers == 1) OK(busbar_endpoint_send(endpoint, to_b, &message, &receivers));
  while (events.dropped == 0) CHECK(busbar_endpoint_receive(endpoint, 10, &none) == BUSBAR_TIMEOUT);
  message.when_full = BUSBAR_WHEN_FULL_REFUSE;
  CHECK(busbar_endpoint_send(endpoint, to_b, &message, NULL) == BUSBAR_QUEUE_FULL);
  OK(busbar_endpoint_counters(endpoint, &counters));
  CHECK(counters.dropped >= 1 && counters.queue_full == 1 && counters.undelivered == 1);
  CHECK(events.logs >= 2);
  CHECK(busbar_endpoint_close(endpoint, 0, &abandoned) == BUSBAR_UNDELIVERED);
  CHECK(abandoned > 0);
  busbar_selector_free(to_b);
  busbar_selector_free(to_late);
}

static void test_close_all(const char* bus, busbar_endpoint* a, busbar_endpoint* b) {
  busbar_endpoint* all[3] = {NULL, NULL, NULL};
  uint64_t abandoned = 1;
  CHECK(busbar_endpoint_close_all(NULL, 1, 0, NULL) == BUSBAR_INVALID_ARGUMENT);
  OK(busbar_endpoint_close_all(NULL, 0, 0, &abandoned));
  CHECK(abandoned == 0);
  all[0] = join(bus, "c");
  all[2] = join(bus, "d");
  OK(busbar_endpoint_close_all(all, 3, 1000, &abandoned));
  CHECK(abandoned == 0);
  all[0] = a;
  all[1] = b;
  OK(busbar_endpoint_close_all(all, 2, 1000, NULL));
}

int main(int argc, char** argv) {
  busbar_endpoint *a, *b;
  if (argc != 2) return 2;
  OK(busbar_uuid_parse(BUSBAR_TYPE_TEXT, &text_type));
  OK(busbar_uuid_parse(BUSBAR_TYPE_BYTES, &bytes_type));
  test_values();
  test_refusals();
  a = join(argv[1], "a");
  CHECK(busbar_endpoint_is_controller(a));
  b = join(argv[1], "b");
  CHECK(!busbar_endpoint_is_controller(b));
  CHECK(busbar_endpoint_controller_id(b) == busbar_endpoint_id(a));
  test_expressions(a);
  test_messages(a, b);
  test_zero_copy(a, b);
  test_objects_and_regions(a, b);
  test_deliveries(a, b);
  test_registry(a, b);
  test_threads(a, b);
  test_polling(a, b);
  test_events_and_peers(argv[1], b);
  test_close_all(argv[1], a, b);
  puts("all as busbar.h says");
  return 0;
}
