/* Joins a bus from C, says hello to all members and prints the answers of two seconds:
 *   hello [bus]
 * Try it with another hello, or with examples/c/hello.mjs, which answers from Node. */
#include <busbar.h>
#include <stdio.h>
#include <string.h>

static int failed(const char* what, busbar_status status) {
  if (status == BUSBAR_OK) return 0;
  fprintf(stderr, "%s: %s\n", what, busbar_status_string(status));
  return 1;
}

int main(int argc, char** argv) {
  const char* bus = argc > 1 ? argv[1] : "com.example.hello";
  const char* label = "c";
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_outgoing hello = BUSBAR_OUTGOING_INIT;
  busbar_endpoint* endpoint = NULL;
  busbar_selector* everybody = NULL;
  busbar_message* message = NULL;
  uint32_t receivers = 0;
  busbar_status status;

  options.label = &label;
  options.label_count = 1;
  if (failed("join", busbar_endpoint_join(bus, &options, &endpoint))) return 1;
  status =
      busbar_selector_parse(endpoint, "true", BUSBAR_MULTICAST | BUSBAR_EXCLUDE_SELF, &everybody);
  if (failed("selector", status)) return 1;

  busbar_uuid_parse(BUSBAR_TYPE_TEXT, &hello.type);
  hello.payload = "hello from C";
  hello.payload_bytes = strlen(hello.payload);
  if (failed("send", busbar_endpoint_send(endpoint, everybody, &hello, &receivers))) return 1;
  printf("said hello to %u endpoints of bus %s\n", receivers, bus);

  while ((status = busbar_endpoint_receive(endpoint, 2000, &message)) == BUSBAR_OK) {
    const busbar_span text = busbar_message_borrow_payload(message);
    printf("%s: %.*s\n", busbar_message_borrow_from_label(message, 0), (int)text.bytes,
           (const char*)text.data);
    busbar_message_free(message);
  }
  busbar_selector_free(everybody);
  busbar_endpoint_close(endpoint, 1000, NULL);
  return status == BUSBAR_TIMEOUT ? 0 : failed("receive", status);
}
