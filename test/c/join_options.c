/* The options of joining: their ranges, what they limit, and options of an older library's size.
 * Ends with 0 if all is as busbar.h says: join_options <bus> */
#include <busbar.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "kernel_object.h"

/* Field by field, what is too much or not allowed. */
static void test_ranges(void) {
  const struct {
    size_t offset;
    uint64_t value;
  } refused[] = {
      {offsetof(busbar_join_options, ring_bytes), 12345},
      {offsetof(busbar_join_options, ring_bytes), 8192},
      {offsetof(busbar_join_options, ring_bytes), UINT64_C(128) << 20},
      {offsetof(busbar_join_options, queue_bytes), (UINT64_C(1) << 40) + 1},
      {offsetof(busbar_join_options, total_queue_bytes), (UINT64_C(1) << 40) + 1},
      {offsetof(busbar_join_options, max_message_bytes), UINT64_C(1) << 32},
      {offsetof(busbar_join_options, max_queued_objects), (UINT64_C(1) << 20) + 1},
      {offsetof(busbar_join_options, max_parked), 65537},
      {offsetof(busbar_join_options, max_links), 4097},
      {offsetof(busbar_join_options, max_endpoints), 4097},
      {offsetof(busbar_join_options, max_endpoints_per_process), 4097},
  };
  size_t i;
  busbar_endpoint* endpoint = NULL;
  for (i = 0; i < sizeof refused / sizeof refused[0]; ++i) {
    busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
    memcpy((char*)&options + refused[i].offset, &refused[i].value, sizeof refused[i].value);
    CHECK(busbar_endpoint_join("bus", &options, &endpoint) == BUSBAR_INVALID_ARGUMENT);
  }
  {
    busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
    options.spin_us = 1001;
    CHECK(busbar_endpoint_join("bus", &options, &endpoint) == BUSBAR_INVALID_ARGUMENT);
    options.spin_us = 0;
    options.when_full = 3;
    CHECK(busbar_endpoint_join("bus", &options, &endpoint) == BUSBAR_INVALID_ARGUMENT);
  }
  CHECK(endpoint == NULL);
}

static busbar_endpoint* join_with(const char* bus, const char* label, busbar_join_options options) {
  busbar_endpoint* endpoint;
  options.label = &label;
  options.label_count = 1;
  OK(busbar_endpoint_join(bus, &options, &endpoint));
  return endpoint;
}

/* The controller's limits apply to everybody who joins. */
static void test_members(const char* bus) {
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_endpoint *first, *second, *third = NULL;
  options.max_endpoints = 3;
  options.max_endpoints_per_process = 2;
  first = join_with(bus, "first", options);
  second = join_with(bus, "second", options);
  CHECK(busbar_endpoint_join(bus, &options, &third) == BUSBAR_LIMIT_EXCEEDED);
  CHECK(third == NULL);
  OK(busbar_endpoint_close(second, 0, NULL));
  OK(busbar_endpoint_close(first, 0, NULL));
}

static void test_sending(const char* bus) {
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_endpoint *sender, *receiver, *other;
  busbar_selector *to_nobody, *to_receiver, *to_other;
  static const char payload[101];
  busbar_outgoing message = bytes(payload, 1);
  const busbar_object object = own_input();
  uint32_t i;
  options.max_parked = 2;
  options.max_links = 1;
  options.max_queued_objects = 1;
  options.max_message_bytes = 100;
  sender = join_with(bus, "sender", options);
  receiver = join(bus, "receiver");
  other = join(bus, "other");
  to_nobody = select_one(sender, "nobody");
  to_receiver = select_one(sender, "receiver");
  to_other = select_one(sender, "other");

  message.ttl_ms = 60000;
  for (i = 0; i < 2; ++i) OK(busbar_endpoint_send(sender, to_nobody, &message, NULL));
  CHECK(busbar_endpoint_send(sender, to_nobody, &message, NULL) == BUSBAR_QUEUE_FULL);
  message.ttl_ms = 0;
  message.payload_bytes = 101;
  CHECK(busbar_endpoint_send(sender, to_receiver, &message, NULL) == BUSBAR_TOO_LARGE);
  message.payload_bytes = 1;
  message.objects = &object;
  message.object_count = 1;
  OK(busbar_endpoint_send(sender, to_receiver, &message, NULL));
  CHECK(busbar_endpoint_send(sender, to_receiver, &message, NULL) == BUSBAR_QUEUE_FULL);
  message.object_count = 0;
  message.payload_bytes = 101;
  CHECK(busbar_endpoint_send(sender, to_receiver, &message, NULL) == BUSBAR_TOO_LARGE);
  message.payload_bytes = 1;
  CHECK(busbar_endpoint_send(sender, to_other, &message, NULL) == BUSBAR_LIMIT_EXCEEDED);

  busbar_selector_free(to_nobody);
  busbar_selector_free(to_receiver);
  busbar_selector_free(to_other);
  busbar_message_free(receive(receiver));
  /* The parked messages move from one to the next, and are given up by the last one. */
  (void)busbar_endpoint_close(sender, 0, NULL);
  (void)busbar_endpoint_close(receiver, 0, NULL);
  (void)busbar_endpoint_close(other, 0, NULL);
}

/* A program built when the struct ended before `max_queued_objects`: what lies behind its end is
 * not looked at. */
static void test_older_program(const char* bus) {
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_endpoint* endpoint;
  options.max_parked = UINT64_MAX;
  CHECK(busbar_endpoint_join(bus, &options, &endpoint) == BUSBAR_INVALID_ARGUMENT);
  options.size = offsetof(busbar_join_options, max_queued_objects);
  OK(busbar_endpoint_join(bus, &options, &endpoint));
  OK(busbar_endpoint_close(endpoint, 0, NULL));
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  test_ranges();
  test_members(argv[1]);
  test_sending(argv[1]);
  test_older_program(argv[1]);
  puts("all as busbar.h says");
  return 0;
}
