/* Observers: what members in C send is seen, with its beginning, its replies and what is lost; and
 * what is not observable is not. Ends with 0 if all is as busbar.h says: observe <bus> */
#include <busbar.h>
#include <stdint.h>
#include <string.h>

#include "check.h"

static busbar_endpoint* observer_of(const char* bus, const char* match, uint32_t payload_bytes) {
  busbar_observe_options options = BUSBAR_OBSERVE_OPTIONS_INIT;
  busbar_endpoint* observer = NULL;
  busbar_expression* expression = NULL;
  if (match != NULL) OK(busbar_expression_parse(match, &expression, NULL));
  options.match = expression;
  options.payload_bytes = payload_bytes;
  OK(busbar_endpoint_observe(bus, NULL, &options, &observer));
  busbar_expression_free(expression);
  return observer;
}

static busbar_observation observation_of(const busbar_message* message) {
  busbar_observation observation = {.size = sizeof observation};
  OK(busbar_message_get_observation(message, &observation));
  return observation;
}

static busbar_message_info info_of(const busbar_message* message) {
  busbar_message_info info = {.size = sizeof info};
  OK(busbar_message_get_info(message, &info));
  return info;
}

static void test_sent_and_answered(const char* bus, busbar_endpoint* a, busbar_endpoint* b) {
  busbar_endpoint* observer = observer_of(bus, "b", 3);
  busbar_selector* to_b = select_one(a, "b");
  busbar_outgoing question = bytes("question", 8);
  busbar_outgoing answer = bytes("no", 2);
  busbar_receipt receipt = {.size = sizeof receipt};
  busbar_message *asked, *seen;
  busbar_observation observation;
  busbar_span payload;
  uint64_t time;

  question.format = 7;
  question.metadata = "meta";
  question.metadata_bytes = 4;
  OK(busbar_endpoint_send_with_receipt(a, to_b, &question, &receipt));
  asked = receive(b);
  CHECK(busbar_message_get_observation(asked, &(busbar_observation){.size = sizeof observation}) ==
        BUSBAR_INVALID_ARGUMENT);
  OK(busbar_message_reply(asked, &answer));
  busbar_message_free(asked);
  expect(a, "no", 2);

  seen = receive(observer);
  observation = observation_of(seen);
  CHECK(observation.kind == BUSBAR_OBSERVED_SENT && observation.unicast != 0);
  CHECK(observation.payload_bytes == 8 && observation.receiver_count == 1);
  CHECK(observation.receivers_named == 1 && observation.receivers[0] == busbar_endpoint_id(b));
  CHECK(info_of(seen).id == receipt.id && info_of(seen).from_id == busbar_endpoint_id(a));
  CHECK(info_of(seen).format == 7 && info_of(seen).reply_to == 0);
  CHECK(strcmp(busbar_message_borrow_from_label(seen, 0), "a") == 0);
  payload = busbar_message_borrow_payload(seen);
  CHECK(payload.bytes == 3 && memcmp(payload.data, "que", 3) == 0);
  payload = busbar_message_borrow_metadata(seen);
  CHECK(payload.bytes == 4 && memcmp(payload.data, "meta", 4) == 0);
  time = observation.time_ns;
  busbar_message_free(seen);

  seen = receive(observer);
  CHECK(info_of(seen).reply_to == receipt.id && observation_of(seen).time_ns >= time);
  payload = busbar_message_borrow_payload(seen);
  CHECK(payload.bytes == 2 && memcmp(payload.data, "no", 2) == 0);
  busbar_message_free(seen);

  /* It only observes. */
  {
    busbar_selector* from_observer = select_one(observer, "b");
    busbar_message* borrowed = NULL;
    CHECK(busbar_endpoint_send(observer, from_observer, &question, NULL) == BUSBAR_UNSUPPORTED);
    CHECK(busbar_endpoint_borrow_next(observer, 0, &borrowed, &payload) == BUSBAR_UNSUPPORTED);
    busbar_selector_free(from_observer);
  }
  busbar_selector_free(to_b);
  OK(busbar_endpoint_close(observer, 0, NULL));
}

static void test_losses(const char* bus, busbar_endpoint* a, busbar_endpoint* b) {
  busbar_endpoint* observer = observer_of(bus, NULL, 0);
  busbar_selector* to_b = select_one(a, "b");
  busbar_outgoing message = bytes("x", 1);
  const uint64_t count = 5000;
  uint64_t seen = 0, lost = 0, i;
  busbar_message* received;
  for (i = 0; i < count; ++i) {
    OK(busbar_endpoint_send(a, to_b, &message, NULL));
    expect(b, "x", 1);
  }
  while (seen + lost < count) {
    busbar_observation observation;
    received = receive(observer);
    observation = observation_of(received);
    if (observation.kind == BUSBAR_OBSERVED_LOST) {
      CHECK(observation.lost != 0 && info_of(received).from_id == busbar_endpoint_id(a));
      lost += observation.lost;
    } else {
      CHECK(observation.kind == BUSBAR_OBSERVED_SENT);
      ++seen;
    }
    busbar_message_free(received);
  }
  CHECK(lost > 0 && seen > 0 && seen + lost == count);
  CHECK(busbar_endpoint_receive(observer, 0, &received) == BUSBAR_WOULD_BLOCK);
  busbar_selector_free(to_b);
  OK(busbar_endpoint_close(observer, 0, NULL));
}

static void test_refusal(const char* bus, busbar_endpoint* b) {
  busbar_endpoint* observer = observer_of(bus, NULL, 0);
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_endpoint* secret = NULL;
  busbar_selector* to_b;
  busbar_outgoing message = bytes("x", 1);
  busbar_message* received;
  busbar_peer_list* list = NULL;
  options.unobservable = 1;
  OK(busbar_endpoint_join(bus, &options, &secret));
  to_b = select_one(secret, "b");
  OK(busbar_endpoint_send(secret, to_b, &message, NULL));
  received = receive(b);
  OK(busbar_message_reply(received, &message));
  busbar_message_free(received);
  expect(secret, "x", 1);
  CHECK(busbar_endpoint_receive(observer, 0, &received) == BUSBAR_WOULD_BLOCK);

  OK(busbar_endpoint_list_observers(b, &list));
  CHECK(busbar_peer_list_count(list) == 1);
  CHECK(busbar_peer_list_id(list, 0) == busbar_endpoint_id(observer));
  busbar_peer_list_free(list);
  OK(busbar_endpoint_list_peers(b, &list));
  CHECK(busbar_peer_list_count(list) == 3);
  busbar_peer_list_free(list);
  busbar_selector_free(to_b);
  OK(busbar_endpoint_close(secret, 0, NULL));
  OK(busbar_endpoint_close(observer, 0, NULL));
}

static void test_arguments(const char* bus) {
  busbar_observe_options options = BUSBAR_OBSERVE_OPTIONS_INIT;
  static const busbar_uuid types[65] = {{{1}}};
  busbar_endpoint* observer = NULL;
  options.payload_bytes = 49153;
  CHECK(busbar_endpoint_observe(bus, NULL, &options, &observer) == BUSBAR_INVALID_ARGUMENT);
  options.payload_bytes = 0;
  options.type_count = 1;
  CHECK(busbar_endpoint_observe(bus, NULL, &options, &observer) == BUSBAR_INVALID_ARGUMENT);
  options.types = types;
  options.type_count = 65;
  CHECK(busbar_endpoint_observe(bus, NULL, &options, &observer) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_endpoint_observe(NULL, NULL, NULL, &observer) == BUSBAR_INVALID_ARGUMENT);
  CHECK(busbar_endpoint_observe(bus, NULL, NULL, NULL) == BUSBAR_INVALID_ARGUMENT);
  CHECK(observer == NULL);
}

int main(int argc, char** argv) {
  busbar_endpoint *a, *b;
  if (argc != 2) return 2;
  a = join(argv[1], "a");
  b = join(argv[1], "b");
  test_arguments(argv[1]);
  test_sent_and_answered(argv[1], a, b);
  test_losses(argv[1], a, b);
  test_refusal(argv[1], b);
  OK(busbar_endpoint_close(a, 1000, NULL));
  OK(busbar_endpoint_close(b, 1000, NULL));
  puts("all as busbar.h says");
  return 0;
}
