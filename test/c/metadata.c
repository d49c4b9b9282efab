/* Metadata and receipts: what is sent beside a payload arrives beside it, copied and borrowed, and
 * the number that a receipt has is what receivers, replies and undelivered messages name. Ends with
 * 0 if all of it is as busbar.h says: metadata <bus> */
#include <busbar.h>
#include <stdint.h>
#include <string.h>

#include "check.h"

#define MOST 240

/* The last undelivered message. */
struct lost {
  int count;
  uint64_t id;
  uint64_t peer_id;
  busbar_status reason;
  unsigned char metadata[MOST];
  size_t metadata_bytes;
};

static void note_lost(void* context, const busbar_event* event) {
  struct lost* lost = context;
  if (event->kind != BUSBAR_EVENT_UNDELIVERED) return;
  CHECK(event->size >= sizeof *event && event->metadata.bytes <= MOST);
  ++lost->count;
  lost->id = event->message_id;
  lost->peer_id = event->peer_id;
  lost->reason = event->status;
  lost->metadata_bytes = event->metadata.bytes;
  if (event->metadata.bytes != 0)
    memcpy(lost->metadata, event->metadata.data, event->metadata.bytes);
}

static busbar_outgoing with_metadata(const void* payload, size_t bytes_of_payload,
                                     const void* metadata, size_t bytes_of_metadata) {
  busbar_outgoing message = bytes(payload, bytes_of_payload);
  message.metadata = metadata;
  message.metadata_bytes = bytes_of_metadata;
  return message;
}

static void has(busbar_message* message, const void* metadata, size_t size) {
  const busbar_span span = busbar_message_borrow_metadata(message);
  CHECK(span.bytes == size && (size == 0 || memcmp(span.data, metadata, size) == 0));
}

static busbar_message_info info_of(busbar_message* message) {
  busbar_message_info info = {.size = sizeof info};
  OK(busbar_message_get_info(message, &info));
  return info;
}

/* In the ring, in a buffer of its own and in a spill; read from a copy and in place. */
static void test_arrival(busbar_endpoint* a, busbar_endpoint* b) {
  static char payload[100000];
  unsigned char metadata[MOST];
  const size_t payloads[] = {0, 1, 64, 3000, 40000, sizeof payload};
  const size_t sizes[] = {0, 1, 7, 8, 9, 239, MOST};
  busbar_selector* to_b = select_one(a, "b");
  size_t i, j, borrows;
  for (i = 0; i < MOST; ++i) metadata[i] = (unsigned char)(i + 1);
  memset(payload, 'p', sizeof payload);
  for (borrows = 0; borrows < 2; ++borrows) {
    for (i = 0; i < sizeof payloads / sizeof payloads[0]; ++i) {
      for (j = 0; j < sizeof sizes / sizeof sizes[0]; ++j) {
        unsigned char given[MOST];
        busbar_outgoing message = with_metadata(payload, payloads[i], given, sizes[j]);
        busbar_message* received = NULL;
        busbar_span span;
        memcpy(given, metadata, sizeof given);
        OK(busbar_endpoint_send(a, to_b, &message, NULL));
        /* It was copied. */
        memset(given, 0, sizeof given);
        if (borrows == 0) {
          received = receive(b);
          span = busbar_message_borrow_payload(received);
        } else {
          OK(busbar_endpoint_borrow_next(b, 10000, &received, &span));
        }
        CHECK(span.bytes == payloads[i]);
        CHECK(span.bytes == 0 || memcmp(span.data, payload, span.bytes) == 0);
        has(received, metadata, sizes[j]);
        if (borrows == 0)
          busbar_message_free(received);
        else
          busbar_endpoint_release_borrowed(b);
      }
    }
  }
  busbar_selector_free(to_b);
}

/* A message that is freed is used again for the next one, which has no metadata. */
static void test_none_after_some(busbar_endpoint* a, busbar_endpoint* b) {
  busbar_selector* to_b = select_one(a, "b");
  busbar_outgoing message = with_metadata("x", 1, "some", 4);
  busbar_message* received = NULL;
  OK(busbar_endpoint_send(a, to_b, &message, NULL));
  received = receive(b);
  has(received, "some", 4);
  busbar_message_free(received);
  message.metadata_bytes = 0;
  OK(busbar_endpoint_send(a, to_b, &message, NULL));
  received = receive(b);
  has(received, NULL, 0);
  busbar_message_free(received);
  busbar_selector_free(to_b);
}

/* Written in the ring, in this process's memory because the ring is full, and in a spill. */
static void test_places(busbar_endpoint* a, busbar_endpoint* b) {
  const size_t payloads[] = {0, 9, 3000, 40000};
  const size_t sizes[] = {0, 1, 8, MOST};
  busbar_uuid type;
  busbar_selector* to_b = select_one(a, "b");
  busbar_outgoing filler = bytes("filler", 6);
  uint64_t last = 0;
  int full;
  size_t i, j;
  OK(busbar_uuid_parse(BUSBAR_TYPE_BYTES, &type));
  for (full = 0; full < 2; ++full) {
    for (i = 0; i < sizeof payloads / sizeof payloads[0]; ++i) {
      for (j = 0; j < sizeof sizes / sizeof sizes[0]; ++j) {
        unsigned char given[MOST], kept[MOST];
        busbar_receipt receipt = {.size = sizeof receipt};
        busbar_message* received;
        busbar_span span;
        void* place = NULL;
        int fillers = full == 0 ? 0 : 300, left;
        memset(given, (int)(i + j + 1), sizeof given);
        memcpy(kept, given, sizeof kept);
        for (left = fillers; left > 0; --left) OK(busbar_endpoint_send(a, to_b, &filler, NULL));
        OK(busbar_endpoint_reserve_with_metadata(a, to_b, payloads[i], given, sizes[j], &place));
        /* It was copied. */
        memset(given, 0, sizeof given);
        if (payloads[i] != 0) memset(place, 'r', payloads[i]);
        OK(busbar_endpoint_commit_with_receipt(a, type, 5, &receipt));
        CHECK(receipt.id > last && receipt.receivers == 1);
        CHECK(receipt.peer_id == busbar_endpoint_id(b));
        last = receipt.id;
        for (left = fillers; left > 0; --left) expect(b, "filler", 6);
        received = receive(b);
        span = busbar_message_borrow_payload(received);
        CHECK(span.bytes == payloads[i] && info_of(received).format == 5);
        CHECK(span.bytes == 0 || (((const char*)span.data)[0] == 'r' &&
                                  ((const char*)span.data)[span.bytes - 1] == 'r'));
        CHECK(info_of(received).id == receipt.id);
        has(received, kept, sizes[j]);
        busbar_message_free(received);
      }
    }
  }
  busbar_selector_free(to_b);
}

/* What is written for a receiver that is gone at the commit goes to the next one, metadata and all.
 */
static void test_place_of_one_that_leaves(const char* bus, busbar_endpoint* a) {
  busbar_endpoint* late[2];
  busbar_uuid type;
  busbar_receipt receipt = {.size = sizeof receipt};
  busbar_selector* to_late = select_one(a, "late");
  busbar_message* received;
  void* place = NULL;
  OK(busbar_uuid_parse(BUSBAR_TYPE_BYTES, &type));
  late[0] = join(bus, "late");
  OK(busbar_endpoint_reserve_with_metadata(a, to_late, 4, "beside", 6, &place));
  memcpy(place, "here", 4);
  late[1] = join(bus, "late");
  OK(busbar_endpoint_close(late[0], 0, NULL));
  /* Until the sender has noticed. */
  while (busbar_endpoint_count_matches(a, to_late) != 1) OK(busbar_endpoint_dispatch(a));
  OK(busbar_endpoint_commit_with_receipt(a, type, 0, &receipt));
  received = receive(late[1]);
  CHECK(memcmp(busbar_message_borrow_payload(received).data, "here", 4) == 0);
  CHECK(info_of(received).id == receipt.id);
  has(received, "beside", 6);
  busbar_message_free(received);
  OK(busbar_endpoint_close(late[1], 0, NULL));
  busbar_selector_free(to_late);
}

static void test_refusals(busbar_endpoint* a, busbar_endpoint* b) {
  unsigned char much[MOST + 1] = {0};
  busbar_selector* to_b = select_one(a, "b");
  busbar_receipt receipt = {.size = sizeof receipt, .id = 77};
  busbar_outgoing message = with_metadata("x", 1, much, sizeof much);
  busbar_message* received = NULL;
  CHECK(busbar_endpoint_send(a, to_b, &message, NULL) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_endpoint_deliver(a, to_b, &message, BUSBAR_TAKEN, 0, NULL) ==
        BUSBAR_INVALID_ARGUMENT);
  message.metadata = NULL;
  message.metadata_bytes = 1;
  CHECK(busbar_endpoint_send(a, to_b, &message, NULL) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_endpoint_send_with_receipt(a, to_b, &message, &receipt) == BUSBAR_INVALID_ARGUMENT);
  message.metadata_bytes = 0;
  receipt.size = sizeof receipt.size - 1;
  CHECK(busbar_endpoint_send_with_receipt(a, to_b, &message, &receipt) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_endpoint_send_with_receipt(a, to_b, &message, NULL) == BUSBAR_INVALID_ARGUMENT);
  {
    void* place = NULL;
    busbar_uuid type;
    OK(busbar_uuid_parse(BUSBAR_TYPE_BYTES, &type));
    CHECK(busbar_endpoint_reserve_with_metadata(a, to_b, 1, much, sizeof much, &place) ==
          BUSBAR_INVALID_ARGUMENT);
    CHECK(busbar_endpoint_reserve_with_metadata(a, to_b, 1, NULL, 1, &place) ==
          BUSBAR_INVALID_ARGUMENT);
    receipt.size = sizeof receipt;
    CHECK(busbar_endpoint_commit_with_receipt(a, type, 0, &receipt) == BUSBAR_INVALID_ARGUMENT);
    OK(busbar_endpoint_reserve_with_metadata(a, to_b, 1, much, MOST, &place));
    CHECK(busbar_endpoint_commit_with_receipt(a, type, 0, NULL) == BUSBAR_INVALID_ARGUMENT);
    busbar_endpoint_cancel(a);
  }
  CHECK(receipt.id == 77);
  CHECK(busbar_endpoint_receive(b, 0, &received) == BUSBAR_WOULD_BLOCK);
  busbar_selector_free(to_b);
}

static void test_receipts(busbar_endpoint* a, busbar_endpoint* b) {
  busbar_selector* to_b = select_one(a, "b");
  busbar_selector* to_both = NULL;
  busbar_selector* to_none = NULL;
  busbar_outgoing message = with_metadata("question", 8, "deadline", 8);
  busbar_receipt receipt = {.size = sizeof receipt};
  busbar_receipt small = {.size = offsetof(busbar_receipt, peer_id), .peer_id = 77};
  busbar_message* received = NULL;
  uint64_t asked;
  OK(busbar_selector_parse(a, "a | b", BUSBAR_MULTICAST, &to_both));
  OK(busbar_selector_parse(a, "nobody", BUSBAR_MULTICAST, &to_none));

  OK(busbar_endpoint_send_with_receipt(a, to_b, &message, &receipt));
  CHECK(receipt.size == sizeof receipt && receipt.receivers == 1);
  CHECK(receipt.peer_id == busbar_endpoint_id(b));
  asked = receipt.id;
  received = receive(b);
  CHECK(info_of(received).id == asked);
  message = with_metadata("answer", 6, "trace", 5);
  OK(busbar_message_reply(received, &message));
  busbar_message_free(received);
  received = receive(a);
  CHECK(info_of(received).reply_to == asked);
  has(received, "trace", 5);
  busbar_message_free(received);

  OK(busbar_endpoint_send_with_receipt(a, to_both, &message, &receipt));
  CHECK(receipt.id > asked && receipt.peer_id == 0 && receipt.receivers == 2);
  received = receive(a);
  CHECK(info_of(received).id == receipt.id);
  busbar_message_free(received);
  received = receive(b);
  CHECK(info_of(received).id == receipt.id);
  busbar_message_free(received);

  /* A caller that knows less of the struct. */
  OK(busbar_endpoint_send_with_receipt(a, to_b, &message, &small));
  CHECK(small.id > receipt.id && small.peer_id == 77);
  expect(b, "answer", 6);

  OK(busbar_endpoint_send_with_receipt(a, to_none, &message, &receipt));
  CHECK(receipt.id == 0 && receipt.peer_id == 0 && receipt.receivers == 0);
  busbar_selector_free(to_b);
  busbar_selector_free(to_both);
  busbar_selector_free(to_none);
}

/* What waits in vain, and what a receiver that leaves gives back, is reported with its number. */
static void test_undelivered(const char* bus, busbar_endpoint* a, struct lost* lost) {
  busbar_selector* to_late = select_one(a, "late");
  busbar_selector* to_leaver = NULL;
  busbar_outgoing message = with_metadata("x", 1, "position", 8);
  busbar_receipt receipt = {.size = sizeof receipt};
  busbar_message* received = NULL;
  busbar_endpoint* leaver = NULL;

  message.ttl_ms = 1;
  OK(busbar_endpoint_send_with_receipt(a, to_late, &message, &receipt));
  CHECK(receipt.id != 0 && receipt.peer_id == 0 && receipt.receivers == 0);
  while (lost->count == 0) CHECK(busbar_endpoint_receive(a, 100, &received) == BUSBAR_TIMEOUT);
  CHECK(lost->id == receipt.id && lost->peer_id == 0 && lost->reason == BUSBAR_NO_RECIPIENT);
  CHECK(lost->metadata_bytes == 8 && memcmp(lost->metadata, "position", 8) == 0);

  leaver = join(bus, "leaver");
  to_leaver = select_one(a, "leaver");
  OK(busbar_endpoint_wait_for(a, to_leaver, 1, 10000));
  message = with_metadata("y", 1, "more", 4);
  OK(busbar_endpoint_send_with_receipt(a, to_leaver, &message, &receipt));
  CHECK(receipt.peer_id == busbar_endpoint_id(leaver));
  (void)busbar_endpoint_close(leaver, 0, NULL);
  while (lost->count == 1) CHECK(busbar_endpoint_receive(a, 100, &received) == BUSBAR_TIMEOUT);
  CHECK(lost->id == receipt.id && lost->peer_id == receipt.peer_id);
  CHECK(lost->reason == BUSBAR_PEER_GONE);
  CHECK(lost->metadata_bytes == 4 && memcmp(lost->metadata, "more", 4) == 0);
  busbar_selector_free(to_late);
  busbar_selector_free(to_leaver);
}

/* A message that waits keeps number and metadata. */
static void test_waiting(const char* bus, busbar_endpoint* a) {
  busbar_selector* to_late = select_one(a, "late");
  busbar_outgoing message = with_metadata("x", 1, "waited", 6);
  busbar_receipt receipt = {.size = sizeof receipt};
  busbar_endpoint* late = NULL;
  busbar_message* received = NULL;
  message.ttl_ms = 60000;
  OK(busbar_endpoint_send_with_receipt(a, to_late, &message, &receipt));
  late = join(bus, "late");
  received = receive(late);
  CHECK(info_of(received).id == receipt.id);
  has(received, "waited", 6);
  busbar_message_free(received);
  OK(busbar_endpoint_close(late, 0, NULL));
  busbar_selector_free(to_late);
}

int main(int argc, char** argv) {
  struct lost lost = {0};
  const char* label = "a";
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_endpoint* a = NULL;
  busbar_endpoint* b = NULL;
  CHECK(argc == 2);
  options.label = &label;
  options.label_count = 1;
  options.ring_bytes = 16 << 10;
  options.on_event = note_lost;
  options.context = &lost;
  OK(busbar_endpoint_join(argv[1], &options, &a));
  b = join(argv[1], "b");
  test_arrival(a, b);
  test_none_after_some(a, b);
  test_places(a, b);
  test_place_of_one_that_leaves(argv[1], a);
  test_refusals(a, b);
  test_receipts(a, b);
  CHECK(lost.count == 0);
  test_undelivered(argv[1], a, &lost);
  test_waiting(argv[1], a);
  CHECK(lost.count == 2);
  OK(busbar_endpoint_close(b, 0, NULL));
  OK(busbar_endpoint_close(a, 1000, NULL));
  puts("all as busbar.h says");
  return 0;
}
