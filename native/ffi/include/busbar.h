/*
 * busbar.h: the C interface of Busbar, a message bus between the processes of one user on one
 * machine. C11, self-contained; for C++ there is busbar.hpp on top of it.
 *
 * Each process joins a bus by its name and becomes an endpoint with a label. A selector chooses the
 * receivers of a message: one (unicast) or all (multicast) of the endpoints whose labels match.
 * Messages go straight from sender to receiver through shared memory. No server has to be started.
 *
 * Threads: several threads may call one endpoint at once, except that only one at a time may
 * receive (busbar_endpoint_receive, _borrow_next, _wait_for), and only one may close, which must be
 * the last call. All other objects belong to one thread at a time. Different objects are
 * independent. Callbacks run on the thread of a call that waits or receives, never with a lock
 * held, and must not close the endpoint. The callback of busbar_registry_alloc is an exception: see
 * busbar_free_callback.
 *
 * Ownership: the caller owns the result of an out_ parameter and gives it back with the function
 * named there. `borrow` in a name means that the result stays its owner's, `take` that it becomes
 * the caller's. Arguments stay the caller's, who may change them as soon as the call returns. A
 * failing call changes nothing and leaves every out_ parameter as it was.
 *
 * Fork: an endpoint belongs to the process that joined; a forked child must not use it.
 */
#ifndef BUSBAR_H
#define BUSBAR_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#if defined(BUSBAR_BUILD)
#define BUSBAR_API __declspec(dllexport)
#elif defined(BUSBAR_STATIC)
#define BUSBAR_API
#else
#define BUSBAR_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define BUSBAR_API __attribute__((visibility("default")))
#else
#define BUSBAR_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- Version and status -------------------------------------------------------------------------
 */

/* The version of this interface. Raised when programs that used to work would no longer work. */
#define BUSBAR_ABI_VERSION 1

/* The version of the loaded library; a program refuses one other than BUSBAR_ABI_VERSION. */
BUSBAR_API uint32_t busbar_abi_version(void);

/* The outcome of a call: BUSBAR_OK or an error. The same numbers in every language. */
typedef int32_t busbar_status;
enum {
  BUSBAR_OK = 0,
  BUSBAR_INVALID_ARGUMENT = 1,
  BUSBAR_INVALID_IDENTIFIER = 2,
  BUSBAR_INVALID_LABEL = 3,
  BUSBAR_INVALID_SELECTOR = 4,
  BUSBAR_TOKEN_MISMATCH = 5,
  BUSBAR_VERSION_MISMATCH = 6,
  BUSBAR_PERMISSION = 7,
  BUSBAR_TIMEOUT = 8,
  BUSBAR_ABORTED = 9,
  BUSBAR_CLOSED = 10,
  BUSBAR_TOO_LARGE = 11,
  BUSBAR_NO_RECIPIENT = 12,
  BUSBAR_QUEUE_FULL = 13,
  BUSBAR_UNKNOWN_TYPE = 14,
  BUSBAR_SCHEMA_MISMATCH = 15,
  BUSBAR_DECODE_FAILED = 16,
  BUSBAR_PROTOCOL_VIOLATION = 17,
  BUSBAR_UNDELIVERED = 18,
  BUSBAR_LIMIT_EXCEEDED = 19,
  BUSBAR_OUT_OF_MEMORY = 20,
  BUSBAR_OUT_OF_DESCRIPTORS = 21,
  BUSBAR_SYSTEM = 22,
  BUSBAR_PEER_GONE = 23,
  BUSBAR_NO_CONTROLLER = 24,
  BUSBAR_WOULD_BLOCK = 25,
  BUSBAR_UNSUPPORTED = 26,
  BUSBAR_NO_EXTERNAL_BUFFERS = 27,
  BUSBAR_SUPERSEDED = 28,
  BUSBAR_TOO_SLOW = 29,
  BUSBAR_NOT_HANDLED = 30
};

/* A sentence in English, such as "the send queue is full". Never null; valid for ever. Any thread.
 */
BUSBAR_API const char* busbar_status_string(busbar_status status);
/* A name such as "QueueFull", from which Node's error codes are made. Never null; valid for ever.
 * Any thread. */
BUSBAR_API const char* busbar_status_name(busbar_status status);

/* The operating system's part in a failure. Unknown pointers are null; others are valid for ever.
 */
typedef struct busbar_failure {
  busbar_status status;
  int32_t os_code;    /* errno, or GetLastError(); 0: not a failure of the system */
  const char* call;   /* the system call, such as "memfd_create" */
  const char* path;   /* the file that it failed for */
  const char* advice; /* what to do about it, in English */
} busbar_failure;

/* The last failure of this library on the calling thread. Functions that succeed, and those that
 * refuse their arguments, leave it unchanged. */
BUSBAR_API busbar_failure busbar_last_failure(void);

/* --- Common types -------------------------------------------------------------------------------
 */

/* The 16 bytes that identify a message type, in the order of the text form (RFC 9562). */
typedef struct busbar_uuid {
  uint8_t bytes[16];
} busbar_uuid;

/* Parses the text form, 36 characters. BUSBAR_INVALID_ARGUMENT for anything else. */
BUSBAR_API busbar_status busbar_uuid_parse(const char* text, busbar_uuid* out_uuid);

/* The built-in types, which Node programs have as `text` and `bytes`: text is UTF-8, bytes are raw
 * and have a format word. */
#define BUSBAR_TYPE_TEXT "db3e773c-a534-517d-8f2f-59336324b95e"
#define BUSBAR_TYPE_BYTES "0f12682f-89fc-5180-bbb2-d242e4998f9f"

/* Bytes that the holder of the span does not own. */
typedef struct busbar_span {
  const void* data;
  size_t bytes;
} busbar_span;

/* A kernel object, as the number that identifies it in this process. */
typedef intptr_t busbar_object;
/* The kind of that number. */
enum {
  /* A descriptor, on Windows a HANDLE. */
  BUSBAR_OBJECT_DESCRIPTOR = 0,
  /* Windows: a SOCKET, which the program closes with closesocket. */
  BUSBAR_OBJECT_SOCKET = 1,
  /* macOS: a right to send to a Mach port, which the program releases with mach_port_deallocate. */
  BUSBAR_OBJECT_MACH_PORT = 2,
  /* Nothing that a program can use; only a broken or hostile peer sends it. */
  BUSBAR_OBJECT_UNUSABLE = 3
};

/* No limit, for a timeout in milliseconds. 0 means: do not wait. */
#define BUSBAR_FOREVER (-1)

typedef struct busbar_endpoint busbar_endpoint;
typedef struct busbar_expression busbar_expression;
typedef struct busbar_selector busbar_selector;
typedef struct busbar_message busbar_message;
typedef struct busbar_peer_list busbar_peer_list;
typedef struct busbar_region busbar_region;
typedef struct busbar_registry busbar_registry;

/* --- Joining and leaving ------------------------------------------------------------------------
 */

/* The kinds of busbar_event. */
enum {
  /* The bus has a new controller, `peer_id` (or this endpoint); `count` is the generation. */
  BUSBAR_EVENT_CONTROLLER = 1,
  /* `peer_id` did not take a message, and no other endpoint will: `status` is the reason; `type`,
   * `format`, `message_id`, `payload` and `metadata` describe the message. `message_id` is that of
   * busbar_receipt, or 0 for a message that another endpoint left with this one, the controller,
   * when it closed. `peer_id` 0: no receiver was found within the message's time to live. */
  BUSBAR_EVENT_UNDELIVERED = 2,
  /* `peer_id` was too slow: it did not get `count` messages. */
  BUSBAR_EVENT_DROPPED = 3,
  /* `peer_id` was too slow and was disconnected; `count` messages were queued for it. */
  BUSBAR_EVENT_DISCONNECTED = 4,
  /* `peer_id` broke the protocol and was disconnected: `status` is the reason. */
  BUSBAR_EVENT_VIOLATION = 5,
  /* No message waits in this process's memory any more: send again after BUSBAR_QUEUE_FULL. */
  BUSBAR_EVENT_DRAINED = 6,
  /* `peer_id`, whose full queue refused a message with BUSBAR_QUEUE_FULL, has room again or has
   * left. */
  BUSBAR_EVENT_ROOM = 7,
  /* `peer_id` of process `count` has joined the bus, or has left it or died. Only after
   * busbar_endpoint_watch_peers. */
  BUSBAR_EVENT_PEER_JOINED = 8,
  BUSBAR_EVENT_PEER_LEFT = 9,
  /* `peer_id` will not get the message of delivery `message_id`: `status` is the reason.
   * BUSBAR_EVENT_DELIVERED follows. `peer_id` 0: no receiver was found. */
  BUSBAR_EVENT_DELIVERY_FAILED = 10,
  /* The delivery `message_id` of busbar_endpoint_start_delivery is over: `count` receivers have
   * taken or handled the message. `status` is BUSBAR_OK, or BUSBAR_UNDELIVERED if some have not. */
  BUSBAR_EVENT_DELIVERED = 11,
  /* `peer_id` of process `count` has another label, which busbar_endpoint_list_peers returns. Only
   * after busbar_endpoint_watch_peers. */
  BUSBAR_EVENT_PEER_RELABELLED = 12,
  /* `peer_id` has left or died, and the program has received every message that it sent: nothing
   * more of it will come. Follows BUSBAR_EVENT_PEER_LEFT, at the latest when a call that receives
   * finds no message. Only after busbar_endpoint_watch_peers. */
  BUSBAR_EVENT_PEER_ENDED = 13
};

typedef struct busbar_event {
  /* Bytes of this struct in the library; ignore fields that the program does not know. */
  size_t size;
  int32_t kind;
  busbar_status status;
  uint64_t peer_id;
  uint64_t count;
  uint64_t message_id;
  busbar_uuid type;
  uint16_t format;
  /* Valid during the callback. */
  busbar_span payload;
  /* The metadata of that message; 0 bytes: none. Valid during the callback. */
  busbar_span metadata;
} busbar_event;

/* Called for one event at a time, in the order of the events, whichever thread it runs on; only a
 * callback that waits or receives itself is called again meanwhile, on its own thread. */
typedef void (*busbar_event_callback)(void* context, const busbar_event* event);

enum { BUSBAR_LOG_WARNING = 1, BUSBAR_LOG_INFO = 2 };
/* `text` is one line, valid during the callback. */
typedef void (*busbar_log_callback)(void* context, int32_t level, const char* text);

/* What happens if the ring and the queue of a receiver are full; `whenFull: 'refuse'`, 'drop' and
 * 'disconnect' in Node. */
enum {
  /* BUSBAR_QUEUE_FULL, and no receiver gets the message. */
  BUSBAR_WHEN_FULL_REFUSE = 0,
  /* This receiver does not get the message, the others do; BUSBAR_EVENT_DROPPED. */
  BUSBAR_WHEN_FULL_DROP = 1,
  /* The receiver is dropped for good; BUSBAR_EVENT_DISCONNECTED. */
  BUSBAR_WHEN_FULL_DISCONNECT = 2
};

/* Initialise with BUSBAR_JOIN_OPTIONS_INIT; a field that is 0 or null has its default. */
typedef struct busbar_join_options {
  /* sizeof(busbar_join_options). */
  size_t size;
  /* The strings that selectors match this endpoint by: at most 32, each of 1 to 255 bytes of UTF-8.
   * Together at most 1,024 bytes, counting one extra byte for each string. */
  const char* const* label;
  size_t label_count;
  /* A secret of all members, up to 1,024 bytes; never sent. Null: the empty string. */
  const char* token;
  /* Milliseconds to wait for admission to the bus. Default: 5,000. */
  uint32_t timeout_ms;
  /* Not 0: never becomes bus controller. */
  int32_t no_controller_affinity;
  /* One of BUSBAR_WHEN_FULL_, for messages that do not set it. */
  int32_t when_full;
  /* Microseconds to busy-wait for a message before sleeping, 0 to 1,000. Default: 0. */
  uint32_t spin_us;
  /* A power of two, 16 KiB to 64 MiB. Default: 512 KiB. */
  uint64_t ring_bytes;
  /* Bytes that may wait in this process for one receiver whose ring is full, up to 1 TiB. Default:
   * 16 MiB. */
  uint64_t queue_bytes;
  /* The same for all receivers together, including large payloads. Default: 256 MiB. */
  uint64_t total_queue_bytes;
  /* The largest payload that can be sent or received, up to 4 GiB - 1. Default: 256 MiB. */
  uint64_t max_message_bytes;
  busbar_event_callback on_event;
  busbar_log_callback on_log;
  /* Passed to both callbacks. */
  void* context;
  /* Kernel objects in flight to all receivers together, 1 to 1,048,576. Default: 4,096. */
  uint64_t max_queued_objects;
  /* Messages that may be parked by their `ttl_ms`, 1 to 65,536. Default: 4,096. */
  uint64_t max_parked;
  /* Links of this endpoint in each direction, 1 to 4,096. At the limit, sending to another endpoint
   * returns BUSBAR_LIMIT_EXCEEDED, and another endpoint that sends here gets
   * BUSBAR_EVENT_UNDELIVERED with that status. Default: 4,096. */
  uint64_t max_links;
  /* Endpoints that the bus admits while this one is its controller, 1 to 4,096; at the limit,
   * joining returns BUSBAR_LIMIT_EXCEEDED. Give all members the same value. Default: 4,096. */
  uint64_t max_endpoints;
  /* The same limit for the endpoints of one process, so that no process can fill the bus, 1 to
   * 4,096. Default: 1,024. */
  uint64_t max_endpoints_per_process;
  /* Not 0: observers get no copies of what this endpoint sends, nor of what is sent to it alone. */
  int32_t unobservable;
} busbar_join_options;
#define BUSBAR_JOIN_OPTIONS_INIT \
  { .size = sizeof(busbar_join_options) }

/*
 * Joins the bus of this name (1 to 128 bytes of UTF-8 without control characters) and waits until
 * every other endpoint can see the new one. `options` may be null. Close the endpoint with
 * busbar_endpoint_close.
 * BUSBAR_INVALID_IDENTIFIER, _INVALID_LABEL, _INVALID_ARGUMENT: nothing was done.
 * BUSBAR_TOKEN_MISMATCH, _VERSION_MISMATCH, _PERMISSION, _LIMIT_EXCEEDED: the bus does not admit
 * the endpoint. BUSBAR_TIMEOUT, _OUT_OF_MEMORY, _OUT_OF_DESCRIPTORS, _SYSTEM.
 */
BUSBAR_API busbar_status busbar_endpoint_join(const char* identifier,
                                              const busbar_join_options* options,
                                              busbar_endpoint** out_endpoint);
/*
 * Leaves the bus, after waiting up to `linger_ms` for queued messages to be sent, and frees the
 * endpoint and messages that were not received; its selectors may still be freed afterwards.
 * BUSBAR_UNDELIVERED: `*out_abandoned` messages had to be given up (may be null). Does nothing for
 * null.
 */
BUSBAR_API busbar_status busbar_endpoint_close(busbar_endpoint* endpoint, uint32_t linger_ms,
                                               uint64_t* out_abandoned);
/*
 * Closes `count` different endpoints at once: all begin to leave before the call waits for any, so
 * that it takes as long as the slowest. `*out_abandoned` is the sum. Nulls are skipped.
 */
BUSBAR_API busbar_status busbar_endpoint_close_all(busbar_endpoint* const* endpoints, size_t count,
                                                   uint32_t linger_ms, uint64_t* out_abandoned);
/* The endpoint's number, unique on the bus. */
BUSBAR_API uint64_t busbar_endpoint_id(busbar_endpoint* endpoint);
/* Not 0 while the endpoint is bus controller. */
BUSBAR_API int32_t busbar_endpoint_is_controller(busbar_endpoint* endpoint);
/* The controller's number; 0 while there is none. */
BUSBAR_API uint64_t busbar_endpoint_controller_id(busbar_endpoint* endpoint);

typedef struct busbar_counters {
  /* sizeof(busbar_counters), set by the caller; fields beyond it are not written. */
  size_t size;
  uint64_t sent_messages;
  uint64_t sent_bytes;
  uint64_t received_messages;
  uint64_t received_bytes;
  uint64_t rerouted;
  uint64_t undelivered;
  uint64_t expired;
  uint64_t queue_full;
  uint64_t dropped;
  uint64_t superseded;
  uint64_t disconnected;
  uint64_t outbound_links;
  uint64_t inbound_links;
  uint64_t parked;
} busbar_counters;

/* The counters since the endpoint joined. */
BUSBAR_API busbar_status busbar_endpoint_counters(busbar_endpoint* endpoint,
                                                  busbar_counters* out_counters);

/* --- Observers ----------------------------------------------------------------------------------
 *
 * An observer gets copies of the headers, and of the first bytes of the payloads, of messages that
 * members send to each other. It is no match of any selector, never becomes bus controller and
 * sends nothing. Copies are never queued: what an observer is too slow for is lost, and counted for
 * each sender.
 */

typedef struct busbar_observe_options {
  /* sizeof(busbar_observe_options). */
  size_t size;
  /* Only the traffic of endpoints that match: what they send, and what is sent to them. At most
   * 1,024 bytes when compiled. Null: of all. */
  const busbar_expression* match;
  /* Only messages of these types, at most 64. None: of every type. */
  const busbar_uuid* types;
  size_t type_count;
  /* Bytes of each payload to be copied, from its beginning, at most 49,152, and no more than fits
   * into a quarter of the sender's ring. */
  uint32_t payload_bytes;
} busbar_observe_options;
#define BUSBAR_OBSERVE_OPTIONS_INIT \
  { .size = sizeof(busbar_observe_options) }

/*
 * Joins the bus of this name as an observer; both options may be null. Every message that is sent
 * after the call has returned, and that the options choose, is observed or counted as lost.
 * Observations arrive by busbar_endpoint_receive; busbar_message_get_observation says what they
 * are. Other calls that receive, or send, return BUSBAR_UNSUPPORTED. Of `join`, the sizes of queues
 * and the limits mean nothing. Close the observer with busbar_endpoint_close.
 * Errors are those of busbar_endpoint_join; BUSBAR_TIMEOUT also if there is no bus, since an
 * observer founds none; BUSBAR_LIMIT_EXCEEDED also if the bus has 16 observers.
 * BUSBAR_INVALID_SELECTOR: `match` is too long.
 */
BUSBAR_API busbar_status busbar_endpoint_observe(const char* identifier,
                                                 const busbar_join_options* join,
                                                 const busbar_observe_options* options,
                                                 busbar_endpoint** out_endpoint);

/* What an observation says. */
enum {
  /* The message is on its way to its receivers. */
  BUSBAR_OBSERVED_SENT = 1,
  /* It is on its way again, to another receiver than before, which is gone. */
  BUSBAR_OBSERVED_SENT_AGAIN = 2,
  /* No endpoint took it, or will take it. */
  BUSBAR_OBSERVED_UNDELIVERED = 3,
  /* Observations of this sender were lost; of the message's info only the sender has a meaning. */
  BUSBAR_OBSERVED_LOST = 4,
};

typedef struct busbar_observation {
  /* sizeof(busbar_observation), set by the caller; fields beyond it are not written. */
  size_t size;
  /* One of BUSBAR_OBSERVED_. */
  int32_t kind;
  /* Not 0: sent to one of the matching endpoints, rather than to all. */
  int32_t unicast;
  /* When its sender began to send it, or knew that no endpoint takes it; what a message brings
   * about, such as a reply, is never earlier. Nanoseconds of the system's monotonic clock, which is
   * one for all processes. */
  uint64_t time_ns;
  /* The size of the whole payload; busbar_message_borrow_payload has its beginning. */
  uint64_t payload_bytes;
  /* How many observations were lost. */
  uint64_t lost;
  /* How many receivers the message has, and the numbers of the first 256, which stay the message's.
   * Those that are not observable are counted and not named. */
  uint32_t receiver_count;
  uint32_t receivers_named;
  const uint64_t* receivers;
  /* Kernel objects and memory regions of the message. */
  uint32_t object_count;
  uint32_t region_count;
  /* Of an undelivered message: the receiver that is gone (0: there was none), and why. */
  uint64_t peer_id;
  busbar_status reason;
} busbar_observation;

/*
 * What a message that an observer received says. busbar_message_get_info has the sender, type,
 * format, number and reply_to of the observed message; its metadata and the beginning of its
 * payload are borrowed as those of any message. BUSBAR_INVALID_ARGUMENT: it is no observation.
 */
BUSBAR_API busbar_status busbar_message_get_observation(const busbar_message* message,
                                                        busbar_observation* out_observation);
/* The observers of the bus; they are in no other list. Free the list with busbar_peer_list_free. */
BUSBAR_API busbar_status busbar_endpoint_list_observers(busbar_endpoint* endpoint,
                                                        busbar_peer_list** out_list);

/* --- Selectors ----------------------------------------------------------------------------------
 */

/* A boolean expression over labels. Immutable; any thread. Free it with busbar_expression_free, at
 * any time after its use as an operand or in a selector. BUSBAR_LIMIT_EXCEEDED: more than 4,096
 * bytes, 1,024 operations or a depth of 64 when compiled. */

/* Matches endpoints with this string in their labels: 1 to 255 bytes of UTF-8, or
 * BUSBAR_INVALID_LABEL. */
BUSBAR_API busbar_status busbar_expression_label(const char* name,
                                                 busbar_expression** out_expression);
/* Matches the one endpoint with this number. */
BUSBAR_API busbar_status busbar_expression_peer(uint64_t peer_id,
                                                busbar_expression** out_expression);
/* Matches every endpoint. */
BUSBAR_API busbar_status busbar_expression_anyone(busbar_expression** out_expression);
BUSBAR_API busbar_status busbar_expression_and(const busbar_expression* left,
                                               const busbar_expression* right,
                                               busbar_expression** out_expression);
BUSBAR_API busbar_status busbar_expression_or(const busbar_expression* left,
                                              const busbar_expression* right,
                                              busbar_expression** out_expression);
BUSBAR_API busbar_status busbar_expression_not(const busbar_expression* operand,
                                               busbar_expression** out_expression);
/*
 * Parses text such as "renderer & codec & !busy": `!`, `&`, `|` by precedence, parentheses, `true`,
 * `false`, `#7` for the endpoint with that number, and names; a name is quoted unless it consists
 * of letters, digits and _ . : / @ + = ~ -. BUSBAR_INVALID_SELECTOR: the text is not an expression;
 * `*out_error_offset` (may be null) is the byte with the mistake.
 */
BUSBAR_API busbar_status busbar_expression_parse(const char* text,
                                                 busbar_expression** out_expression,
                                                 size_t* out_error_offset);
BUSBAR_API void busbar_expression_free(busbar_expression* expression);

enum {
  /* One matching endpoint: the one with the fewest unread bytes. */
  BUSBAR_UNICAST = 0,
  /* All matching endpoints, including the sender. */
  BUSBAR_MULTICAST = 1,
  /* Combined with either by `|`: excludes the sender. */
  BUSBAR_EXCLUDE_SELF = 2
};

/*
 * A selector of one endpoint, compiled once: its receivers are looked up again only when the
 * membership changes. Free it with busbar_selector_free, before or after the endpoint is closed.
 * BUSBAR_LIMIT_EXCEEDED: the endpoint has too many.
 */
BUSBAR_API busbar_status busbar_selector_create(busbar_endpoint* endpoint,
                                                const busbar_expression* expression, int32_t mode,
                                                busbar_selector** out_selector);
/* busbar_expression_parse and busbar_selector_create in one call. */
BUSBAR_API busbar_status busbar_selector_parse(busbar_endpoint* endpoint, const char* text,
                                               int32_t mode, busbar_selector** out_selector);
BUSBAR_API void busbar_selector_free(busbar_selector* selector);

/* --- Sending ------------------------------------------------------------------------------------
 */

/* A part of a region. */
typedef struct busbar_region_range {
  busbar_region* region;
  uint64_t offset;
  uint64_t bytes;
} busbar_region_range;

/* Initialise with BUSBAR_OUTGOING_INIT. */
typedef struct busbar_outgoing {
  /* sizeof(busbar_outgoing). */
  size_t size;
  busbar_uuid type;
  /* The meaning of raw bytes, agreed between sender and receiver. */
  uint16_t format;
  /* Not 0: the message becomes visible, and wakes its receiver, with busbar_endpoint_flush or with
   * a later message that is not corked. For many messages in a row. */
  uint16_t corked;
  /* One of BUSBAR_WHEN_FULL_, or -1 for the endpoint's policy. */
  int32_t when_full;
  const void* payload;
  size_t payload_bytes;
  /* Milliseconds that the message may wait for a matching endpoint if there is none; 0: do not
   * wait. A value over 2^40 (35 years), such as UINT64_MAX, counts as 2^40. */
  uint64_t ttl_ms;
  /* The number of the message that this one answers; 0: none. */
  uint64_t reply_to;
  /* Of the messages with the same key (1 to 128 bytes), each receiver gets the newest as soon as it
   * has taken the previous one. Null: no key. */
  const char* key;
  /* At most 253; each receiver gets duplicates. */
  const busbar_object* objects;
  size_t object_count;
  /* At most 64; their memory is not copied. */
  const busbar_region_range* regions;
  size_t region_count;
  /* One of BUSBAR_OBJECT_ for each of `objects`. Null: all are BUSBAR_OBJECT_DESCRIPTOR. */
  const int32_t* object_kinds;
  /* Opaque bytes beside the payload, at most 240, for what is about the message and not in it. 0
   * bytes: none. */
  const void* metadata;
  size_t metadata_bytes;
} busbar_outgoing;
#define BUSBAR_OUTGOING_INIT \
  { .size = sizeof(busbar_outgoing), .when_full = -1 }

/*
 * Sends a message and returns at once. `*out_receivers` (may be null) is the number of receivers,
 * which have it in their rings or will get it from this process's queue; 0 for a multicast without
 * a match, and for a message that waits by its ttl.
 * BUSBAR_NO_RECIPIENT: a unicast without a match. BUSBAR_QUEUE_FULL: no receiver got the message;
 * wait for busbar_endpoint_drain. BUSBAR_TOO_LARGE, _INVALID_ARGUMENT, _LIMIT_EXCEEDED (links,
 * objects, regions), _OUT_OF_MEMORY, _OUT_OF_DESCRIPTORS, _CLOSED.
 */
BUSBAR_API busbar_status busbar_endpoint_send(busbar_endpoint* endpoint,
                                              const busbar_selector* selector,
                                              const busbar_outgoing* message,
                                              uint32_t* out_receivers);

/* What busbar_endpoint_send_with_receipt tells about a message. */
typedef struct busbar_receipt {
  /* sizeof(busbar_receipt), set by the caller; fields beyond it are not written. */
  size_t size;
  /* The number of the message, unique among all messages of this endpoint: busbar_message_info.id
   * at its receivers, reply_to of their replies, message_id of BUSBAR_EVENT_UNDELIVERED. It stays
   * when the message waits, or goes to another endpoint later. 0: no endpoint gets the message and
   * it does not wait. */
  uint64_t id;
  /* Of a unicast, the endpoint that gets the message; 0 for a multicast, and for a message that
   * waits by its ttl. If that endpoint dies or leaves before it has taken the message, the message
   * goes to another match with the same number, without an event. If there is no other match, as is
   * certain for a selector of one peer, the message either waits for the rest of its ttl, or
   * BUSBAR_EVENT_UNDELIVERED has its number. A message that the endpoint had taken is not reported.
   */
  uint64_t peer_id;
  /* As `*out_receivers` of busbar_endpoint_send. */
  uint32_t receivers;
} busbar_receipt;
/* Sends a message as busbar_endpoint_send does, and tells its number and receiver. */
BUSBAR_API busbar_status busbar_endpoint_send_with_receipt(busbar_endpoint* endpoint,
                                                           const busbar_selector* selector,
                                                           const busbar_outgoing* message,
                                                           busbar_receipt* out_receipt);
/* Publishes corked messages and wakes sleeping receivers. */
BUSBAR_API void busbar_endpoint_flush(busbar_endpoint* endpoint);

enum {
  /* The receiving program has got the message. */
  BUSBAR_TAKEN = 1,
  /* The receiving program is done with the message: in C, it has freed it. */
  BUSBAR_HANDLED = 2
};
/*
 * Sends a message and waits until every receiver has taken or handled it (`acknowledgement`).
 * `*out_receivers` (may be null) is the number of receivers that have. BUSBAR_UNDELIVERED: some
 * have not. BUSBAR_TIMEOUT: not all have within `timeout_ms`; the message may still arrive.
 * Otherwise as busbar_endpoint_send.
 */
BUSBAR_API busbar_status busbar_endpoint_deliver(busbar_endpoint* endpoint,
                                                 const busbar_selector* selector,
                                                 const busbar_outgoing* message,
                                                 int32_t acknowledgement, int32_t timeout_ms,
                                                 uint32_t* out_receivers);
/* Waits until no message waits in this process's memory. BUSBAR_TIMEOUT. */
BUSBAR_API busbar_status busbar_endpoint_drain(busbar_endpoint* endpoint, int32_t timeout_ms);

/*
 * Sends without a copy: reserves `bytes` for a payload in the shared memory of the one receiver
 * that `selector`, a unicast, finds. The caller writes the payload to `*out_place` and soon calls
 * busbar_endpoint_commit or _cancel. An endpoint can have one open reservation at a time, whichever
 * threads use it; meanwhile messages of other threads to that receiver are queued. The message
 * counts as sent at the commit or, if it is in the ring, at the reservation. If the ring has no
 * room, the place is memory of this process and copied at the commit; a large payload is in shared
 * memory of its own. BUSBAR_NO_RECIPIENT, _TOO_LARGE, _INVALID_ARGUMENT (a multicast, or a
 * reservation is open), _OUT_OF_MEMORY, _OUT_OF_DESCRIPTORS, _LIMIT_EXCEEDED, _CLOSED.
 */
BUSBAR_API busbar_status busbar_endpoint_reserve(busbar_endpoint* endpoint,
                                                 const busbar_selector* selector, size_t bytes,
                                                 void** out_place);
/* The same for a message that has metadata, at most 240 opaque bytes, which are copied. They are
 * given here since they lie before the payload. */
BUSBAR_API busbar_status busbar_endpoint_reserve_with_metadata(busbar_endpoint* endpoint,
                                                               const busbar_selector* selector,
                                                               size_t bytes, const void* metadata,
                                                               size_t metadata_bytes,
                                                               void** out_place);
/* Sends the reserved payload; the place is no longer the caller's. If the receiver is gone, the
 * message goes to another match, as with busbar_endpoint_send. BUSBAR_INVALID_ARGUMENT: there is no
 * reservation. */
BUSBAR_API busbar_status busbar_endpoint_commit(busbar_endpoint* endpoint, busbar_uuid type,
                                                uint16_t format);
/* The same, and tells the message's number and receiver. */
BUSBAR_API busbar_status busbar_endpoint_commit_with_receipt(busbar_endpoint* endpoint,
                                                             busbar_uuid type, uint16_t format,
                                                             busbar_receipt* out_receipt);
/* Gives the place back. Does nothing without a reservation. */
BUSBAR_API void busbar_endpoint_cancel(busbar_endpoint* endpoint);

/* --- Receiving ----------------------------------------------------------------------------------
 */

/*
 * Receives the next message, waiting up to `timeout_ms` (0: do not wait; BUSBAR_FOREVER). Free it
 * with busbar_message_free. Up to 64 messages are copied out of shared memory at a time; those that
 * the program has not received when it closes the endpoint go back to their senders.
 * BUSBAR_TIMEOUT, or BUSBAR_WOULD_BLOCK if `timeout_ms` is 0: there is none. BUSBAR_CLOSED: the
 * endpoint has lost its bus for good. BUSBAR_INVALID_ARGUMENT: another thread receives, or a
 * message is borrowed.
 */
BUSBAR_API busbar_status busbar_endpoint_receive(busbar_endpoint* endpoint, int32_t timeout_ms,
                                                 busbar_message** out_message);
/*
 * A descriptor for event loops to poll, on Windows a HANDLE of an event. It is readable when there
 * may be messages: call busbar_endpoint_receive(…, 0, …) until it returns BUSBAR_WOULD_BLOCK. Stays
 * the endpoint's.
 */
BUSBAR_API busbar_object busbar_endpoint_pollable(busbar_endpoint* endpoint);

typedef struct busbar_message_info {
  /* sizeof(busbar_message_info), set by the caller; fields beyond it are not written. */
  size_t size;
  busbar_uuid type;
  uint16_t format;
  /* The sender's number of this message, which a reply refers to. */
  uint64_t id;
  /* The number of the message that this one answers; 0: none. */
  uint64_t reply_to;
  uint64_t from_id;
  uint32_t from_pid;
  uint32_t object_count;
  uint32_t region_count;
  /* Not 0: the message's objects (bit 0) or regions (bit 1) were lost, because this process was at
   * a limit. */
  uint32_t lost;
  /* The payload, as busbar_message_borrow_payload returns it. */
  busbar_span payload;
  /* The metadata, as busbar_message_borrow_metadata returns it. */
  busbar_span metadata;
  /* Not 0: the sender waits until the message is handled. */
  uint32_t awaited;
} busbar_message_info;

BUSBAR_API busbar_status busbar_message_get_info(const busbar_message* message,
                                                 busbar_message_info* out_info);
/* The payload, aligned to 8 bytes. It stays the message's. */
BUSBAR_API busbar_span busbar_message_borrow_payload(const busbar_message* message);
/* The metadata, a private copy also for a borrowed message; 0 bytes: none. It stays the message's.
 */
BUSBAR_API busbar_span busbar_message_borrow_metadata(const busbar_message* message);
/* One string of the sender's label, zero-terminated; stays the message's. Null: no such index. */
BUSBAR_API const char* busbar_message_borrow_from_label(const busbar_message* message,
                                                        size_t index);
/* One of BUSBAR_OBJECT_. BUSBAR_INVALID_ARGUMENT: no such index, or already taken. */
BUSBAR_API busbar_status busbar_message_get_object_kind(const busbar_message* message, size_t index,
                                                        int32_t* out_kind);
/* One object, which the caller owns and closes from now on. BUSBAR_INVALID_ARGUMENT: no such index,
 * already taken, or BUSBAR_OBJECT_UNUSABLE. */
BUSBAR_API busbar_status busbar_message_take_object(busbar_message* message, size_t index,
                                                    busbar_object* out_object);
/* One region; free it with busbar_region_free. `*out_range` (may be null) is the part of it that
 * was sent. BUSBAR_INVALID_ARGUMENT: no such index, or already taken. */
BUSBAR_API busbar_status busbar_message_take_region(busbar_message* message, size_t index,
                                                    busbar_region** out_region,
                                                    busbar_region_range* out_range);
/* Sends a reply to the sender of a message. Otherwise as busbar_endpoint_send. */
BUSBAR_API busbar_status busbar_message_reply(busbar_message* message,
                                              const busbar_outgoing* answer);
/* Frees a message: closes and releases attachments that were not taken, and reports the message to
 * a waiting sender as handled. Messages may be freed in any order. Does nothing for null. Messages
 * that are not freed when the endpoint is closed count as not handled. */
BUSBAR_API void busbar_message_free(busbar_message* message);
/* As busbar_message_free, for a message that could not be handled: a sender that waits for that
 * gets `reason`, such as BUSBAR_DECODE_FAILED or BUSBAR_NOT_HANDLED. A sender that waits only until
 * it is taken already has its answer. BUSBAR_INVALID_ARGUMENT: `reason` is not an error of this
 * list, or `message` is null; nothing is freed. */
BUSBAR_API busbar_status busbar_message_refuse(busbar_message* message, busbar_status reason);

/*
 * Receives without a copy: the next message in place in shared memory, until
 * busbar_endpoint_release_borrowed; meanwhile nothing else can be received. The sender can still
 * write to the payload: read each byte once, and check values before use. A message with objects or
 * regions comes with `*out_message`, from which they are taken as usual. Otherwise as
 * busbar_endpoint_receive.
 */
BUSBAR_API busbar_status busbar_endpoint_borrow_next(busbar_endpoint* endpoint, int32_t timeout_ms,
                                                     busbar_message** out_message,
                                                     busbar_span* out_payload);
/* Returns the memory to the sender and frees the message. Does nothing if none is borrowed. */
BUSBAR_API void busbar_endpoint_release_borrowed(busbar_endpoint* endpoint);

/* --- Event loops --------------------------------------------------------------------------------
 *
 * For programs that must not wait in a call. They poll busbar_endpoint_pollable, and when it is
 * readable call busbar_endpoint_receive with a timeout of 0, or busbar_endpoint_dispatch. The
 * outcomes of these calls are reported to busbar_join_options.on_event.
 */

/* Calls the callbacks for everything that has happened, without receiving a message or waiting: for
 * a program that wants no message now. Messages stay in shared memory, where
 * busbar_endpoint_receive finds them; they make the pollable readable once. BUSBAR_CLOSED: the
 * endpoint has lost its bus for good. */
BUSBAR_API busbar_status busbar_endpoint_dispatch(busbar_endpoint* endpoint);
/*
 * As busbar_endpoint_deliver, but returns at once with the number of the delivery, from 1, and
 * BUSBAR_EVENT_DELIVERED reports its outcome. `*out_delivery` is 0, and no event follows, if there
 * is nothing to wait for: a multicast without a match. `*out_receivers` (may be null) is the number
 * of receivers that it waits for.
 */
BUSBAR_API busbar_status busbar_endpoint_start_delivery(
    busbar_endpoint* endpoint, const busbar_selector* selector, const busbar_outgoing* message,
    int32_t acknowledgement, uint64_t* out_delivery, uint32_t* out_receivers);
/* The program no longer waits for a delivery: no event follows. The message may still arrive. */
BUSBAR_API void busbar_endpoint_forget_delivery(busbar_endpoint* endpoint, uint64_t delivery);
/* BUSBAR_EVENT_DRAINED is reported, at once if no message waits in this process's memory. */
BUSBAR_API void busbar_endpoint_ask_drained(busbar_endpoint* endpoint);
/* From now on BUSBAR_EVENT_PEER_JOINED, _LEFT, _RELABELLED and _ENDED are reported or, with
 * `wanted` 0, no longer are. Call it before busbar_endpoint_list_peers to miss no change. */
BUSBAR_API void busbar_endpoint_watch_peers(busbar_endpoint* endpoint, int32_t wanted);

/* --- Members ------------------------------------------------------------------------------------
 */

/* All endpoints on the bus at this moment, including this one, except observers. Free the list with
 * busbar_peer_list_free. */
BUSBAR_API busbar_status busbar_endpoint_list_peers(busbar_endpoint* endpoint,
                                                    busbar_peer_list** out_list);
BUSBAR_API size_t busbar_peer_list_count(const busbar_peer_list* list);
BUSBAR_API uint64_t busbar_peer_list_id(const busbar_peer_list* list, size_t index);
BUSBAR_API uint32_t busbar_peer_list_pid(const busbar_peer_list* list, size_t index);
/* One string of a label, zero-terminated; stays the list's. Null: no such index. */
BUSBAR_API const char* busbar_peer_list_borrow_label(const busbar_peer_list* list, size_t index,
                                                     size_t label_index);
BUSBAR_API void busbar_peer_list_free(busbar_peer_list* list);
/* The number of endpoints that the selector matches now. */
BUSBAR_API size_t busbar_endpoint_count_matches(busbar_endpoint* endpoint,
                                                const busbar_selector* selector);
/* The endpoints that the selector matches now: those to which a multicast would go, or of which a
 * unicast would take one; this one included if it matches and the selector does not exclude it.
 * Nobody is asked and nothing is waited for. Free the list with busbar_peer_list_free. */
BUSBAR_API busbar_status busbar_endpoint_matching_peers(busbar_endpoint* endpoint,
                                                        const busbar_selector* selector,
                                                        busbar_peer_list** out_list);
/*
 * Changes the strings that selectors match this endpoint by, with the limits of
 * busbar_join_options.label, and waits until every other endpoint sees them: whatever is sent from
 * then on goes by the new label. Links stay open, and what was sent before still arrives. Calls of
 * several threads take effect in their order.
 * BUSBAR_INVALID_LABEL, BUSBAR_INVALID_ARGUMENT: nothing was done. BUSBAR_CLOSED. BUSBAR_TIMEOUT:
 * the label may change nevertheless.
 */
BUSBAR_API busbar_status busbar_endpoint_relabel(busbar_endpoint* endpoint,
                                                 const char* const* label, size_t label_count,
                                                 int32_t timeout_ms);
/* Waits until at least `count` endpoints match. BUSBAR_TIMEOUT. */
BUSBAR_API busbar_status busbar_endpoint_wait_for(busbar_endpoint* endpoint,
                                                  const busbar_selector* selector, size_t count,
                                                  int32_t timeout_ms);

/* --- Memory regions -----------------------------------------------------------------------------
 */

/* Shared memory that is sent with messages without a copy. A busbar_region is one reference to it;
 * the memory is free once no process holds a reference. */

enum { BUSBAR_REGION_READ_ONLY = 1 };
/* Allocates 1 byte to 4 GiB of zeroed memory, mapped into this process. `flags` is 0 or
 * BUSBAR_REGION_READ_ONLY: other processes can only read it. Free it with busbar_region_free.
 * BUSBAR_INVALID_ARGUMENT, _OUT_OF_MEMORY, _OUT_OF_DESCRIPTORS. */
BUSBAR_API busbar_status busbar_region_create(uint64_t bytes, uint32_t flags,
                                              busbar_region** out_region);
/* The address of its mapping, page-aligned; valid until this process frees its last reference. */
BUSBAR_API void* busbar_region_map(busbar_region* region);
BUSBAR_API uint64_t busbar_region_bytes(const busbar_region* region);
/* The same number in every process that holds it. */
BUSBAR_API uint64_t busbar_region_id(const busbar_region* region);
/* Not 0: other processes see what this process writes. */
BUSBAR_API int32_t busbar_region_is_writable(const busbar_region* region);
/* References of all processes, including those of messages in flight. */
BUSBAR_API uint64_t busbar_region_references(const busbar_region* region);
/* Adds a reference. */
BUSBAR_API busbar_status busbar_region_duplicate(const busbar_region* region,
                                                 busbar_region** out_region);
/* Releases a reference. Does nothing for null. Any thread. */
BUSBAR_API void busbar_region_free(busbar_region* region);

/* A registry reuses regions once no process holds them, which saves system calls and page faults.
 */

/* Initialise with BUSBAR_REGISTRY_OPTIONS_INIT; a field that is 0 has its default. */
typedef struct busbar_registry_options {
  /* sizeof(busbar_registry_options). */
  size_t size;
  /* Bytes of all its regions together. Default: 1 GiB. */
  uint64_t max_bytes;
  /* Milliseconds after which busbar_registry_maintain frees an unused region. Default: 30,000. */
  uint32_t idle_ms;
  /* As for busbar_region_create. */
  uint32_t region_flags;
} busbar_registry_options;
#define BUSBAR_REGISTRY_OPTIONS_INIT \
  { .size = sizeof(busbar_registry_options) }

/* `options` may be null. Free the registry with busbar_registry_free. */
BUSBAR_API busbar_status busbar_registry_create(const busbar_registry_options* options,
                                                busbar_registry** out_registry);
/* Called once when the last holder, in any process, has released the region or died. It runs on a
 * thread of the library, or in a later call of the same registry on the thread of its caller, so it
 * must neither call this interface nor wait. */
typedef void (*busbar_free_callback)(void* context);
/*
 * A region of at least `min_bytes`: a free one with the same tag (at most 255 bytes, null for none)
 * that is at most four times as large, or else a new one, rounded up to 4,096 bytes. A reused
 * region contains leftovers. Free it with busbar_region_free. `on_free` may be null.
 * BUSBAR_LIMIT_EXCEEDED: all regions are in use and another one would exceed max_bytes.
 * BUSBAR_INVALID_ARGUMENT, _OUT_OF_MEMORY, _OUT_OF_DESCRIPTORS.
 */
BUSBAR_API busbar_status busbar_registry_alloc(busbar_registry* registry, uint64_t min_bytes,
                                               const char* tag, busbar_free_callback on_free,
                                               void* context, busbar_region** out_region);
/* Frees regions that were unused for the idle time; returns how many. */
BUSBAR_API size_t busbar_registry_maintain(busbar_registry* registry);

typedef struct busbar_registry_stats {
  /* sizeof(busbar_registry_stats), set by the caller; fields beyond it are not written. */
  size_t size;
  uint64_t regions;
  uint64_t bytes;
  uint64_t in_use;
  uint64_t created;
  uint64_t reused;
} busbar_registry_stats;
BUSBAR_API busbar_status busbar_registry_get_stats(busbar_registry* registry,
                                                   busbar_registry_stats* out_stats);
/* No callback is called once this has returned; a region in use is freed when its last holder
 * releases it. Does nothing for null. */
BUSBAR_API void busbar_registry_free(busbar_registry* registry);

#ifdef __cplusplus
}
#endif

#endif
