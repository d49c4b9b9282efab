/* Calls in C by busbar_rpc.h, and a MessagePack of a few lines: `rpc serve BUS` answers the methods
 * of com.example.scale/1, `rpc call BUS` calls those of a server that the test has started, and
 * tells what came of it, a line for each. */
#include <busbar_rpc.h>

#include "check.h"

#define INTERFACE "com.example.scale"
#define LABEL "com.example.scale/1"

static void tell(const char* news) {
  printf("%s\n", news);
  fflush(stdout);
}

/* {"a": n}, of a number below 128. */
static size_t pack_a(uint8_t out[4], int n) {
  out[0] = 0x81;
  out[1] = 0xA1;
  out[2] = 'a';
  out[3] = (uint8_t)n;
  return 4;
}

/* The value of `a` in {"a": n}; Node writes small integers in a byte. -1: something else. */
static int unpack_a(busbar_span payload) {
  const uint8_t* bytes = (const uint8_t*)payload.data;
  if (payload.bytes != 4 || bytes[0] != 0x81 || bytes[1] != 0xA1 || bytes[2] != 'a') return -1;
  return bytes[3] < 128 ? bytes[3] : -1;
}

static int same(busbar_uuid a, busbar_uuid b) { return memcmp(&a, &b, sizeof a) == 0; }

/* --- the server --- */

static void twice(busbar_message* message, const busbar_message_info* info) {
  const int n = unpack_a(info->payload);
  const uint8_t result = (uint8_t)(2 * n);
  uint8_t data[4];
  if (n < 0) {
    OK(busbar_rpc_fail(message, "INVALID_ARGUMENT", "a is missing", NULL, 0));
  } else if (n > 50) {
    OK(busbar_rpc_fail(message, "TooHeavy", "that is too heavy", data, pack_a(data, 50)));
  } else {
    OK(busbar_rpc_answer(message, BUSBAR_RPC_RESULT, &result, 1));
  }
}

static int serve(const char* bus) {
  const char* label[] = {INTERFACE, LABEL};
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_endpoint* endpoint = NULL;
  const busbar_uuid twice_type = busbar_rpc_member_type(LABEL, "twice");
  const busbar_uuid left_type = busbar_rpc_member_type(LABEL, "left");
  const busbar_uuid busy_type = busbar_rpc_member_type(LABEL, "busy");
  const busbar_uuid hold_type = busbar_rpc_member_type(LABEL, "hold");
  options.label = label;
  options.label_count = 2;
  OK(busbar_endpoint_join(bus, &options, &endpoint));
  tell("serving");
  for (;;) {
    busbar_message* message = NULL;
    busbar_message_info info;
    if (busbar_endpoint_receive(endpoint, BUSBAR_FOREVER, &message) != BUSBAR_OK) return 1;
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    OK(busbar_message_get_info(message, &info));
    if (same(info.type, busbar_rpc_answer_type())) {
      const int cancels = busbar_rpc_kind(info.format) == BUSBAR_RPC_CANCEL;
      tell(cancels && (info.format & BUSBAR_RPC_FROM_CALLER) != 0 ? "cancelled" : "something");
    } else if (same(info.type, twice_type)) {
      twice(message, &info);
    } else if (same(info.type, left_type)) {
      busbar_rpc_metadata fields;
      uint8_t result[5] = {0xCE, 0, 0, 0, 0};
      OK(busbar_rpc_read_metadata(info.metadata, &fields));
      CHECK(fields.has_deadline != 0);
      result[1] = (uint8_t)(fields.deadline_ms >> 24);
      result[2] = (uint8_t)(fields.deadline_ms >> 16);
      result[3] = (uint8_t)(fields.deadline_ms >> 8);
      result[4] = (uint8_t)fields.deadline_ms;
      OK(busbar_rpc_answer(message, BUSBAR_RPC_RESULT, result, sizeof result));
    } else if (same(info.type, busy_type)) {
      OK(busbar_rpc_busy(message));
    } else if (same(info.type, hold_type)) {
      tell("held");
    } else if ((info.format & BUSBAR_RPC_EXPECTS_ANSWER) != 0) {
      OK(busbar_rpc_fail(message, "UNKNOWN_METHOD", "it is not here", NULL, 0));
    }
    busbar_message_free(message);
  }
}

/* --- the client --- */

static busbar_rpc_call current;

static void on_event(void* context, const busbar_event* event) {
  (void)context;
  busbar_rpc_note(&current, event);
}

static busbar_status call(busbar_endpoint* endpoint, const busbar_selector* servers,
                          const char* method, int argument, uint32_t timeout_ms,
                          busbar_message** out_answer) {
  uint8_t arguments[4];
  busbar_rpc_metadata metadata;
  memset(&metadata, 0, sizeof metadata);
  metadata.has_deadline = timeout_ms != 0;
  metadata.deadline_ms = timeout_ms;
  OK(busbar_rpc_start(endpoint, servers, busbar_rpc_member_type(LABEL, method), arguments,
                      pack_a(arguments, argument), &metadata, &current));
  return busbar_rpc_wait(endpoint, &current, timeout_ms == 0 ? 30000 : (int32_t)timeout_ms, NULL,
                         NULL, out_answer);
}

static void tell_answer(busbar_message* answer) {
  busbar_message_info info;
  busbar_rpc_error error;
  memset(&info, 0, sizeof info);
  info.size = sizeof info;
  OK(busbar_message_get_info(answer, &info));
  switch (busbar_rpc_answer_kind(&info)) {
    case BUSBAR_RPC_RESULT:
      printf("result %d\n", info.payload.bytes == 1 ? *(const uint8_t*)info.payload.data : -1);
      break;
    case BUSBAR_RPC_BUSY:
      printf("busy\n");
      break;
    default:
      OK(busbar_rpc_read_error(info.payload, &error));
      printf("%.*s: %.*s, %d\n", (int)error.code.bytes, (const char*)error.code.data,
             (int)error.text.bytes, (const char*)error.text.data, unpack_a(error.data));
  }
  fflush(stdout);
  busbar_message_free(answer);
}

static int client(const char* bus) {
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_endpoint* endpoint = NULL;
  busbar_selector* servers = NULL;
  busbar_message* answer = NULL;
  busbar_status status;
  char own[32];
  options.on_event = on_event;
  OK(busbar_endpoint_join(bus, &options, &endpoint));
  busbar_endpoint_watch_peers(endpoint, 1);
  OK(busbar_selector_parse(endpoint, "com.example.scale/1", BUSBAR_UNICAST, &servers));
  OK(call(endpoint, servers, "twice", 21, 0, &answer));
  tell_answer(answer);
  OK(call(endpoint, servers, "twice", 99, 30000, &answer));
  tell_answer(answer);
  OK(call(endpoint, servers, "nothing", 1, 30000, &answer));
  tell_answer(answer);

  CHECK(call(endpoint, servers, "hold", 1, 50, &answer) == BUSBAR_TIMEOUT);
  snprintf(own, sizeof own, "#%llu", (unsigned long long)current.peer_id);
  {
    busbar_selector* server = NULL;
    OK(busbar_selector_parse(endpoint, own, BUSBAR_UNICAST, &server));
    OK(busbar_rpc_cancel(endpoint, server, &current));
    busbar_selector_free(server);
  }
  tell("cancelled");
  /* The test closes or kills the server with this call in hand. */
  status = call(endpoint, servers, "hold", 2, 0, &answer);
  if (status == BUSBAR_OK) {
    tell_answer(answer);
  } else {
    CHECK(status == BUSBAR_PEER_GONE);
    tell("gone");
  }
  busbar_selector_free(servers);
  OK(busbar_endpoint_close(endpoint, 1000, NULL));
  return 0;
}

/* --- on its own --- */

static void check_metadata(void) {
  busbar_rpc_metadata fields;
  busbar_rpc_metadata back;
  uint8_t bytes[BUSBAR_RPC_METADATA_BYTES];
  busbar_span span;
  size_t size, at;
  memset(&fields, 0, sizeof fields);
  CHECK(busbar_rpc_write_metadata(&fields, bytes) == 0);
  fields.has_deadline = 1;
  fields.deadline_ms = 0xFFFFFFFFU;
  fields.credit_items = 1;
  fields.credit_bytes = 1U << 20;
  fields.attempt = 255;
  fields.has_trace = 1;
  memset(fields.trace, 7, sizeof fields.trace);
  size = busbar_rpc_write_metadata(&fields, bytes);
  span.data = bytes;
  span.bytes = size;
  OK(busbar_rpc_read_metadata(span, &back));
  CHECK(back.deadline_ms == fields.deadline_ms && back.credit_bytes == fields.credit_bytes);
  CHECK(back.attempt == 255 && memcmp(back.trace, fields.trace, sizeof back.trace) == 0);
  /* A part of it is malformed unless it ends with a field. */
  for (at = 1; at < size; ++at) {
    span.bytes = at;
    (void)busbar_rpc_read_metadata(span, &back);
  }
  span.bytes = 1;
  CHECK(busbar_rpc_read_metadata(span, &back) == BUSBAR_DECODE_FAILED);
  span.bytes = 3;
  CHECK(busbar_rpc_read_metadata(span, &back) == BUSBAR_DECODE_FAILED);
  bytes[2] = 200;
  span.bytes = size;
  CHECK(busbar_rpc_read_metadata(span, &back) == BUSBAR_DECODE_FAILED);
}

static void check_errors(void) {
  /* {"code": "X", "other": [1, {"a": nil}], "message": "m", "data": {"a": 7}} */
  static const uint8_t good[] = {0x84, 0xA4, 'c', 'o', 'd',  'e',  0xA1, 'X',  0xA5, 'o',
                                 't',  'h',  'e', 'r', 0x92, 0x01, 0x81, 0xA1, 'a',  0xC0,
                                 0xA7, 'm',  'e', 's', 's',  'a',  'g',  'e',  0xA1, 'm',
                                 0xA4, 'd',  'a', 't', 'a',  0x81, 0xA1, 'a',  0x07};
  static const uint8_t endless[] = {0x81, 0xA4, 'c', 'o', 'd', 'e', 0xDF, 0xFF, 0xFF, 0xFF, 0xFF};
  busbar_rpc_error error;
  busbar_span span = {good, sizeof good};
  OK(busbar_rpc_read_error(span, &error));
  CHECK(busbar_rpc_is_error(&error, "X") && !busbar_rpc_is_error(&error, "XY"));
  CHECK(error.text.bytes == 1 && unpack_a(error.data) == 7);
  for (span.bytes = 0; span.bytes < sizeof good; ++span.bytes) {
    CHECK(busbar_rpc_read_error(span, &error) == BUSBAR_DECODE_FAILED && error.code.bytes == 0);
  }
  span.data = endless;
  span.bytes = sizeof endless;
  CHECK(busbar_rpc_read_error(span, &error) == BUSBAR_DECODE_FAILED);
}

static void check_types(void) {
  busbar_uuid answer, ping;
  OK(busbar_uuid_parse(BUSBAR_RPC_TYPE_ANSWER, &answer));
  OK(busbar_uuid_parse(BUSBAR_RPC_TYPE_PING, &ping));
  CHECK(same(answer, busbar_rpc_answer_type()));
  CHECK(same(answer, busbar_rpc_named_type("busbar.rpc")));
  CHECK(same(ping, busbar_rpc_named_type("busbar.ping")));
}

int main(int argc, char** argv) {
  if (argc == 3 && strcmp(argv[1], "serve") == 0) return serve(argv[2]);
  if (argc == 3 && strcmp(argv[1], "call") == 0) return client(argv[2]);
  check_metadata();
  check_errors();
  check_types();
  return 0;
}
