/* Shared by the tests of the C interface: a check that ends the program, and helpers to join and
 * send with two endpoints. */
#ifndef BUSBAR_TEST_CHECK_H
#define BUSBAR_TEST_CHECK_H

#include <busbar.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                \
    }                                                                         \
  } while (0)
#define OK(call) CHECK((call) == BUSBAR_OK)

static inline busbar_endpoint* join(const char* bus, const char* label) {
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_endpoint* endpoint = NULL;
  options.label = &label;
  options.label_count = 1;
  options.ring_bytes = 16 << 10;
  options.queue_bytes = 64 << 10;
  OK(busbar_endpoint_join(bus, &options, &endpoint));
  return endpoint;
}

static inline busbar_outgoing bytes(const void* payload, size_t size) {
  busbar_outgoing message = BUSBAR_OUTGOING_INIT;
  OK(busbar_uuid_parse(BUSBAR_TYPE_BYTES, &message.type));
  message.payload = payload;
  message.payload_bytes = size;
  return message;
}

static inline busbar_selector* select_one(busbar_endpoint* endpoint, const char* text) {
  busbar_selector* selector = NULL;
  OK(busbar_selector_parse(endpoint, text, BUSBAR_UNICAST, &selector));
  return selector;
}

static inline busbar_message* receive(busbar_endpoint* endpoint) {
  busbar_message* message = NULL;
  OK(busbar_endpoint_receive(endpoint, 10000, &message));
  return message;
}

/* Receives a message with this payload, and frees it. */
static inline void expect(busbar_endpoint* endpoint, const void* payload, size_t size) {
  busbar_message* message = receive(endpoint);
  const busbar_span span = busbar_message_borrow_payload(message);
  CHECK(span.bytes == size && (size == 0 || memcmp(span.data, payload, size) == 0));
  busbar_message_free(message);
}

#endif
