/* A C program that echoes: every message goes back to its sender unchanged, with its objects and
 * regions. On the text "make" it makes a region, on "leave" it leaves. Used by test/c-api.test.ts:
 * echo <bus> <label> */
#include <busbar.h>
#include <stdio.h>
#include <string.h>

#include "kernel_object.h"

#define CHECK(call)                                                           \
  do {                                                                        \
    busbar_status check_status = (call);                                      \
    if (check_status != BUSBAR_OK) {                                          \
      fprintf(stderr, "%s: %s\n", #call, busbar_status_string(check_status)); \
      return 1;                                                               \
    }                                                                         \
  } while (0)

#define MOST 8

static int is_text(busbar_message* message, busbar_uuid text, const char* expected) {
  busbar_message_info info = {.size = sizeof info};
  const busbar_span payload = busbar_message_borrow_payload(message);
  if (busbar_message_get_info(message, &info) != BUSBAR_OK) return 0;
  return memcmp(info.type.bytes, text.bytes, sizeof text.bytes) == 0 &&
         payload.bytes == strlen(expected) && memcmp(payload.data, expected, payload.bytes) == 0;
}

/* Sends a message back with its metadata and all of its attachments. */
static int echo(busbar_message* message) {
  busbar_message_info info = {.size = sizeof info};
  busbar_object objects[MOST];
  int32_t kinds[MOST];
  busbar_region_range regions[MOST];
  busbar_outgoing answer = BUSBAR_OUTGOING_INIT;
  const busbar_span payload = busbar_message_borrow_payload(message);
  const busbar_span metadata = busbar_message_borrow_metadata(message);
  busbar_region* region = NULL;
  uint32_t i;

  CHECK(busbar_message_get_info(message, &info));
  if (info.object_count > MOST || info.region_count > MOST || info.lost != 0) return 1;
  for (i = 0; i < info.object_count; ++i) {
    CHECK(busbar_message_get_object_kind(message, i, &kinds[i]));
    CHECK(busbar_message_take_object(message, i, &objects[i]));
  }
  for (i = 0; i < info.region_count; ++i)
    CHECK(busbar_message_take_region(message, i, &region, &regions[i]));
  answer.type = info.type;
  answer.format = info.format;
  answer.payload = payload.data;
  answer.payload_bytes = payload.bytes;
  answer.metadata = metadata.data;
  answer.metadata_bytes = metadata.bytes;
  answer.objects = objects;
  answer.object_kinds = kinds;
  answer.object_count = info.object_count;
  answer.regions = regions;
  answer.region_count = info.region_count;
  CHECK(busbar_message_reply(message, &answer));
  for (i = 0; i < info.object_count; ++i) close_object(objects[i], kinds[i]);
  for (i = 0; i < info.region_count; ++i) busbar_region_free(regions[i].region);
  return 0;
}

static int make(busbar_message* message, busbar_uuid text) {
  static const char made[] = "made in C";
  busbar_outgoing answer = BUSBAR_OUTGOING_INIT;
  busbar_region* region = NULL;
  busbar_region_range range;
  busbar_object object = own_input();

  CHECK(busbar_region_create(1 << 16, 0, &region));
  memcpy(busbar_region_map(region), made, sizeof made);
  range.region = region;
  range.offset = 0;
  range.bytes = busbar_region_bytes(region);
  answer.type = text;
  answer.payload = "here it is";
  answer.payload_bytes = 10;
  answer.regions = &range;
  answer.region_count = 1;
  answer.objects = &object;
  answer.object_count = 1;
  CHECK(busbar_message_reply(message, &answer));
  busbar_region_free(region);
  return 0;
}

/* Answers with the number of others on the bus, and the first label of one of them. */
static int count(busbar_message* message, busbar_uuid text, busbar_endpoint* endpoint) {
  char said[64];
  busbar_outgoing answer = BUSBAR_OUTGOING_INIT;
  busbar_selector* others = NULL;
  busbar_peer_list* peers = NULL;

  CHECK(busbar_selector_parse(endpoint, "true", BUSBAR_MULTICAST | BUSBAR_EXCLUDE_SELF, &others));
  CHECK(busbar_endpoint_matching_peers(endpoint, others, &peers));
  snprintf(said, sizeof said, "%u %s", (unsigned)busbar_peer_list_count(peers),
           busbar_peer_list_borrow_label(peers, 0, 0));
  busbar_peer_list_free(peers);
  busbar_selector_free(others);
  answer.type = text;
  answer.payload = said;
  answer.payload_bytes = strlen(said);
  CHECK(busbar_message_reply(message, &answer));
  return 0;
}

/* Changes its label; answers when all see the new one. */
static int rename_itself(busbar_message* message, busbar_uuid text, busbar_endpoint* endpoint) {
  static const char* const label[] = {"renamed", "echo"};
  busbar_outgoing answer = BUSBAR_OUTGOING_INIT;
  CHECK(busbar_endpoint_relabel(endpoint, label, 2, BUSBAR_FOREVER));
  answer.type = text;
  answer.payload = "renamed";
  answer.payload_bytes = 7;
  CHECK(busbar_message_reply(message, &answer));
  return 0;
}

/* Observes its own answer, and says what the observer saw: the size of the payload, its beginning,
 * its receiver, and the number of observers. */
static int observe(busbar_message* message, busbar_uuid text, busbar_endpoint* endpoint,
                   const char* bus) {
  char said[64];
  busbar_observe_options options = BUSBAR_OBSERVE_OPTIONS_INIT;
  busbar_observation observation = {.size = sizeof observation};
  busbar_outgoing answer = BUSBAR_OUTGOING_INIT;
  busbar_endpoint* observer = NULL;
  busbar_message* seen = NULL;
  busbar_peer_list* observers = NULL;
  busbar_span beginning;

  options.payload_bytes = 8;
  CHECK(busbar_endpoint_observe(bus, NULL, &options, &observer));
  answer.type = text;
  answer.payload = "observing";
  answer.payload_bytes = 9;
  CHECK(busbar_message_reply(message, &answer));
  CHECK(busbar_endpoint_receive(observer, BUSBAR_FOREVER, &seen));
  CHECK(busbar_message_get_observation(seen, &observation));
  CHECK(busbar_endpoint_list_observers(endpoint, &observers));
  beginning = busbar_message_borrow_payload(seen);
  snprintf(said, sizeof said, "%u %.*s %llu %u", (unsigned)observation.payload_bytes,
           (int)beginning.bytes, (const char*)beginning.data,
           (unsigned long long)observation.receivers[0],
           (unsigned)busbar_peer_list_count(observers));
  busbar_peer_list_free(observers);
  busbar_message_free(seen);
  CHECK(busbar_endpoint_close(observer, 0, NULL));
  answer.payload = said;
  answer.payload_bytes = strlen(said);
  CHECK(busbar_message_reply(message, &answer));
  return 0;
}

int main(int argc, char** argv) {
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_endpoint* endpoint = NULL;
  busbar_uuid text;
  const char* label[2];
  int failed = 0;
  int leaving = 0;

  if (argc != 3 || busbar_abi_version() != BUSBAR_ABI_VERSION) return 2;
  CHECK(busbar_uuid_parse(BUSBAR_TYPE_TEXT, &text));
  label[0] = argv[2];
  label[1] = "echo";
  options.label = label;
  options.label_count = 2;
  CHECK(busbar_endpoint_join(argv[1], &options, &endpoint));
  printf("%llu %d\n", (unsigned long long)busbar_endpoint_id(endpoint),
         busbar_endpoint_is_controller(endpoint));
  fflush(stdout);

  while (!failed && !leaving) {
    busbar_message* message = NULL;
    CHECK(busbar_endpoint_receive(endpoint, BUSBAR_FOREVER, &message));
    if (is_text(message, text, "make")) {
      failed = make(message, text);
    } else if (is_text(message, text, "count")) {
      failed = count(message, text, endpoint);
    } else if (is_text(message, text, "rename")) {
      failed = rename_itself(message, text, endpoint);
    } else if (is_text(message, text, "observe")) {
      failed = observe(message, text, endpoint, argv[1]);
    } else if (is_text(message, text, "leave")) {
      leaving = 1;
    } else {
      failed = echo(message);
    }
    busbar_message_free(message);
  }
  CHECK(busbar_endpoint_close(endpoint, 1000, NULL));
  return failed;
}
