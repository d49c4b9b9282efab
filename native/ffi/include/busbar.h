/*
 * busbar.h: the C interface of Busbar, a message bus between the processes of one user on one
 * machine. C11, self-contained; for C++ there is busbar.hpp on top of it.
 *
 * Each process joins a bus by its name and becomes an endpoint with a label. A selector says who
 * gets a message: one (unicast) or all (multicast) of the endpoints whose labels match. Messages go
 * straight from sender to receiver through shared memory. No server has to be started.
 *
 * Threads: calls on one endpoint may come from several threads at once, except that only one at a
 * time may receive (busbar_endpoint_receive, _borrow_next, _wait_for), and only one at a time may
 * close, which must be the last call. All other objects belong to one thread at a time. Different
 * objects are independent. Callbacks run on the thread of a call that waits or receives, never with
 * a lock held, and must not close the endpoint; the exception is busbar_registry's, which see.
 *
 * Ownership: what an out_ parameter gives is the caller's, who gives it back by the function named
 * there; `borrow` in a name means that it stays somebody else's, `take` that it becomes the
 * caller's. Whatever is passed in stays the caller's, who may change it as soon as the call
 * returns. A failing call changes nothing and leaves every out_ parameter as it was.
 *
 * Fork: an endpoint belongs to the process that joined; a forked child must not touch it.
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

/* The interface that this header describes. Raised when something that worked would work no more.
 */
#define BUSBAR_ABI_VERSION 1

/* The interface of the library that runs; a program refuses one that is not BUSBAR_ABI_VERSION. */
BUSBAR_API uint32_t busbar_abi_version(void);

/* The outcome of a call: BUSBAR_OK or what went wrong. The same numbers in every language. */
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

/* A sentence in English, as "the send queue is full". Never null; valid for ever. Any thread. */
BUSBAR_API const char* busbar_status_string(busbar_status status);
/* A name, as "QueueFull"; Node's error codes are made of it. Never null; valid for ever. Any
 * thread. */
BUSBAR_API const char* busbar_status_name(busbar_status status);

/* What the operating system had to do with a failure. Pointers are null for what is not known, else
 * valid for ever. */
typedef struct busbar_failure {
  busbar_status status;
  int32_t os_code;    /* errno, or GetLastError(); 0: the system had no part in it */
  const char* call;   /* the system call, as "memfd_create" */
  const char* path;   /* the file that it failed for */
  const char* advice; /* what can be done about it, in English */
} busbar_failure;

/* About the last function of this library that failed on the calling thread. Functions that
 * succeed, and those that refuse their arguments, leave it alone. */
BUSBAR_API busbar_failure busbar_last_failure(void);

/* --- Types in common ----------------------------------------------------------------------------
 */

/* The 16 bytes that name a message type, in the order of the text form (RFC 9562). */
typedef struct busbar_uuid {
  uint8_t bytes[16];
} busbar_uuid;

/* Reads the text form, 36 characters. BUSBAR_INVALID_ARGUMENT for anything else. */
BUSBAR_API busbar_status busbar_uuid_parse(const char* text, busbar_uuid* out_uuid);

/* The types that every message box of Node understands without being told: text is UTF-8, bytes are
 * raw and carry a format word. */
#define BUSBAR_TYPE_TEXT "db3e773c-a534-517d-8f2f-59336324b95e"
#define BUSBAR_TYPE_BYTES "0f12682f-89fc-5180-bbb2-d242e4998f9f"

/* Bytes that belong to somebody else. */
typedef struct busbar_span {
  const void* data;
  size_t bytes;
} busbar_span;

/* A kernel object by the number that the program knows it by. */
typedef intptr_t busbar_object;
/* What it is a number of. */
enum {
  /* A descriptor, on Windows a HANDLE. */
  BUSBAR_OBJECT_DESCRIPTOR = 0,
  /* Windows: a SOCKET, which the program closes by closesocket. */
  BUSBAR_OBJECT_SOCKET = 1,
  /* macOS: a right to send to a Mach port, which the program gives back by mach_port_deallocate. */
  BUSBAR_OBJECT_MACH_PORT = 2,
  /* Nothing that a program could use: only a broken or hostile peer sends such a thing. */
  BUSBAR_OBJECT_UNUSABLE = 3
};

/* For ever, where a timeout in milliseconds is asked for. 0 is: not at all. */
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

/* What became of something later on; see busbar_event. */
enum {
  /* There is a controller, this endpoint or `peer_id`; `count` is the generation. */
  BUSBAR_EVENT_CONTROLLER = 1,
  /* `peer_id` did not take a message, and nobody else will: `status` says why, `type`, `format`,
   * `message_id` and `payload` what it was. 0 as `peer_id`: nobody was found within its time to
   * live. */
  BUSBAR_EVENT_UNDELIVERED = 2,
  /* `peer_id` was too slow: it did not get `count` messages. */
  BUSBAR_EVENT_DROPPED = 3,
  /* `peer_id` was too slow and was given up; `count` messages waited for it. */
  BUSBAR_EVENT_DISCONNECTED = 4,
  /* `peer_id` broke the protocol and is not listened to any more: `status` says how. */
  BUSBAR_EVENT_VIOLATION = 5,
  /* Nothing waits in this process's memory any more: time to send again after BUSBAR_QUEUE_FULL. */
  BUSBAR_EVENT_DRAINED = 6
};

typedef struct busbar_event {
  /* Bytes of this struct as the library has it: fields beyond what a program knows are ignored. */
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
} busbar_event;

typedef void (*busbar_event_callback)(void* context, const busbar_event* event);

enum { BUSBAR_LOG_WARNING = 1, BUSBAR_LOG_INFO = 2 };
/* `text` is one line, valid during the callback. */
typedef void (*busbar_log_callback)(void* context, int32_t level, const char* text);

/* What becomes of a message where a receiver's ring and the queue to it are full; `whenFull:
 * 'refuse'`, 'drop' and 'disconnect' in Node. */
enum {
  /* BUSBAR_QUEUE_FULL, and nobody gets it. */
  BUSBAR_WHEN_FULL_REFUSE = 0,
  /* That receiver does not get it, the others do; BUSBAR_EVENT_DROPPED. */
  BUSBAR_WHEN_FULL_DROP = 1,
  /* That receiver is given up for good; BUSBAR_EVENT_DISCONNECTED. */
  BUSBAR_WHEN_FULL_DISCONNECT = 2
};

/* Begin with BUSBAR_JOIN_OPTIONS_INIT; what is 0 or null has its default. */
typedef struct busbar_join_options {
  /* sizeof(busbar_join_options). */
  size_t size;
  /* Strings by which selectors find this endpoint: at most 32 of 1 to 255 bytes of UTF-8, 1,024
   * bytes in all, counting one more for each. */
  const char* const* label;
  size_t label_count;
  /* What all members have to know, up to 1,024 bytes; never sent. Null: the empty one. */
  const char* token;
  /* Milliseconds to wait for the bus to let this endpoint in. Default: 5,000. */
  uint32_t timeout_ms;
  /* Not 0: never becomes bus controller. */
  int32_t no_controller_affinity;
  /* One of BUSBAR_WHEN_FULL_, where a message does not say. */
  int32_t when_full;
  /* Microseconds to wait actively for a message before sleeping, 0 to 1,000. Default: 0. */
  uint32_t spin_us;
  /* A power of two, 16 KiB to 64 MiB. Default: 512 KiB. */
  uint64_t ring_bytes;
  /* Bytes that may wait in this process for one receiver whose ring is full. Default: 16 MiB. */
  uint64_t queue_bytes;
  /* The same for all receivers together, large payloads included. Default: 256 MiB. */
  uint64_t total_queue_bytes;
  /* The largest payload that can be sent or received, up to 4 GiB - 1. Default: 256 MiB. */
  uint64_t max_message_bytes;
  busbar_event_callback on_event;
  busbar_log_callback on_log;
  /* Passed to both callbacks. */
  void* context;
} busbar_join_options;
#define BUSBAR_JOIN_OPTIONS_INIT \
  { .size = sizeof(busbar_join_options) }

/*
 * Joins the bus of this name (1 to 128 bytes of UTF-8 without control characters) and waits until
 * every other endpoint can see the new one. `options` may be null. Give the endpoint back by
 * busbar_endpoint_close.
 * BUSBAR_INVALID_IDENTIFIER, _INVALID_LABEL, _INVALID_ARGUMENT: nothing was done.
 * BUSBAR_TOKEN_MISMATCH, _VERSION_MISMATCH, _PERMISSION, _LIMIT_EXCEEDED: the bus does not let it
 * in. BUSBAR_TIMEOUT, _OUT_OF_MEMORY, _OUT_OF_DESCRIPTORS, _SYSTEM.
 */
BUSBAR_API busbar_status busbar_endpoint_join(const char* identifier,
                                              const busbar_join_options* options,
                                              busbar_endpoint** out_endpoint);
/*
 * Leaves the bus, giving what still queues up to `linger_ms` to go out, and frees the endpoint, its
 * selectors' hold on it and messages that nobody received. BUSBAR_UNDELIVERED: some messages had to
 * be given up, `*out_abandoned` of them (may be null). Null is allowed and does nothing.
 */
BUSBAR_API busbar_status busbar_endpoint_close(busbar_endpoint* endpoint, uint32_t linger_ms,
                                               uint64_t* out_abandoned);
/*
 * The same for `count` endpoints, each given once, at a time: all begin to leave before the first
 * is waited for, so that it takes as long as the slowest. `*out_abandoned` is the sum. Nulls among
 * them are left out.
 */
BUSBAR_API busbar_status busbar_endpoint_close_all(busbar_endpoint* const* endpoints, size_t count,
                                                   uint32_t linger_ms, uint64_t* out_abandoned);
/* Its number, unique on the bus. */
BUSBAR_API uint64_t busbar_endpoint_id(busbar_endpoint* endpoint);
/* Not 0 while it is bus controller. */
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

/* What has happened since it joined. */
BUSBAR_API busbar_status busbar_endpoint_counters(busbar_endpoint* endpoint,
                                                  busbar_counters* out_counters);

/* --- Selectors ----------------------------------------------------------------------------------
 */

/* A boolean expression over labels. Immutable; any thread. All are freed by busbar_expression_free,
 * and may be as soon as what was made of them is. BUSBAR_LIMIT_EXCEEDED: more than 4,096 bytes,
 * 1,024 operations or a depth of 64 when compiled. */

/* Matches who has this string in its label: 1 to 255 bytes of UTF-8, else BUSBAR_INVALID_LABEL. */
BUSBAR_API busbar_status busbar_expression_label(const char* name,
                                                 busbar_expression** out_expression);
/* Matches the one endpoint of this number. */
BUSBAR_API busbar_status busbar_expression_peer(uint64_t id, busbar_expression** out_expression);
/* Matches everybody. */
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
 * Reads text as "renderer & codec & !busy": `!`, `&`, `|` in the order of their strength,
 * parentheses, `true`, `false`, `#7` for the endpoint of that number, names; a name with other
 * characters than letters, digits and _ . : / @ + = ~ - stands in quotes. BUSBAR_INVALID_SELECTOR:
 * it is none;
 * `*out_error_offset` (may be null) is the byte where it goes wrong.
 */
BUSBAR_API busbar_status busbar_expression_parse(const char* text,
                                                 busbar_expression** out_expression,
                                                 size_t* out_error_offset);
BUSBAR_API void busbar_expression_free(busbar_expression* expression);

enum {
  /* One that matches: the one with the least unread bytes. */
  BUSBAR_UNICAST = 0,
  /* All that match, the sender too if it does. */
  BUSBAR_MULTICAST = 1,
  /* To be or-ed to either: the sender is left out. */
  BUSBAR_EXCLUDE_SELF = 2
};

/*
 * A selector of one endpoint, worked out once and kept: receivers are looked for again only when
 * the membership changes. Free it by busbar_selector_free, before the endpoint is closed or after.
 * BUSBAR_LIMIT_EXCEEDED: the endpoint has too many.
 */
BUSBAR_API busbar_status busbar_selector_create(busbar_endpoint* endpoint,
                                                const busbar_expression* expression, int32_t mode,
                                                busbar_selector** out_selector);
/* busbar_expression_parse and busbar_selector_create in one. */
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

/* Begin with BUSBAR_OUTGOING_INIT. */
typedef struct busbar_outgoing {
  /* sizeof(busbar_outgoing). */
  size_t size;
  busbar_uuid type;
  /* What raw bytes mean; agreed between sender and receiver. */
  uint16_t format;
  /* Not 0: it is seen, and a sleeping receiver woken, by busbar_endpoint_flush or by a later
   * message without this. For many messages in a row. */
  uint16_t corked;
  /* One of BUSBAR_WHEN_FULL_, or -1 for the endpoint's. */
  int32_t when_full;
  const void* payload;
  size_t payload_bytes;
  /* Milliseconds that it may wait for a matching endpoint if there is none. 0: it does not. More
   * than 2^40, UINT64_MAX for instance, counts as 2^40, which is 35 years. */
  uint64_t ttl_ms;
  /* Number of the message that this one answers; 0: none. */
  uint64_t reply_to;
  /* Of the messages with one key, 1 to 128 bytes, each receiver gets the newest as soon as it has
   * taken the one before. Null: no key. */
  const char* key;
  /* At most 253; each receiver gets duplicates. */
  const busbar_object* objects;
  size_t object_count;
  /* At most 64; nothing of them is copied. */
  const busbar_region_range* regions;
  size_t region_count;
  /* One of BUSBAR_OBJECT_ for each of `objects`. Null: all are BUSBAR_OBJECT_DESCRIPTOR. */
  const int32_t* object_kinds;
} busbar_outgoing;
#define BUSBAR_OUTGOING_INIT \
  { .size = sizeof(busbar_outgoing), .when_full = -1 }

/*
 * Sends a message and returns at once. `*out_receivers` (may be null): how many endpoints took
 * charge of it; 0 for a multicast that matches nobody, and for a message that waits by its ttl.
 * BUSBAR_NO_RECIPIENT: a unicast that matches nobody. BUSBAR_QUEUE_FULL: nobody got it; wait for
 * busbar_endpoint_drain. BUSBAR_TOO_LARGE, _INVALID_ARGUMENT, _LIMIT_EXCEEDED (links, objects,
 * regions), _OUT_OF_MEMORY, _OUT_OF_DESCRIPTORS, _CLOSED.
 */
BUSBAR_API busbar_status busbar_endpoint_send(busbar_endpoint* endpoint,
                                              const busbar_selector* selector,
                                              const busbar_outgoing* message,
                                              uint32_t* out_receivers);
/* Publishes corked messages and wakes who sleeps. */
BUSBAR_API void busbar_endpoint_flush(busbar_endpoint* endpoint);

enum {
  /* The receiving process has copied the message out of shared memory. */
  BUSBAR_TAKEN = 1,
  /* The receiving program is done with it: in C, has freed the message. */
  BUSBAR_HANDLED = 2
};
/*
 * Sends, and waits until every receiver has taken or handled (`acknowledgement`) the message.
 * `*out_receivers` (may be null): how many have. BUSBAR_UNDELIVERED: some did not. BUSBAR_TIMEOUT:
 * not all within `timeout_ms`; it is still on its way. Else as busbar_endpoint_send.
 */
BUSBAR_API busbar_status busbar_endpoint_deliver(busbar_endpoint* endpoint,
                                                 const busbar_selector* selector,
                                                 const busbar_outgoing* message,
                                                 int32_t acknowledgement, int32_t timeout_ms,
                                                 uint32_t* out_receivers);
/* Waits until nothing queues in this process's memory any more. BUSBAR_TIMEOUT. */
BUSBAR_API busbar_status busbar_endpoint_drain(busbar_endpoint* endpoint, int32_t timeout_ms);

/*
 * The way without a copy: room for a payload of `bytes` in the shared memory of the one receiver
 * that `selector`, a unicast, finds. Written to `*out_place`, where the caller writes the payload;
 * then busbar_endpoint_commit or _cancel, soon: at most one reservation of an endpoint is open at a
 * time, by whatever thread, and what others send to that receiver meanwhile queues. It counts as
 * sent at the commit or, where it lies in the ring, at the reservation. Always works: where the
 * ring has no room, the place is memory of this process and copied at the commit; large payloads
 * lie in shared memory of their own. BUSBAR_NO_RECIPIENT, _TOO_LARGE, _INVALID_ARGUMENT (a
 * multicast, or a reservation is open), _OUT_OF_MEMORY, _OUT_OF_DESCRIPTORS, _LIMIT_EXCEEDED,
 * _CLOSED.
 */
BUSBAR_API busbar_status busbar_endpoint_reserve(busbar_endpoint* endpoint,
                                                 const busbar_selector* selector, size_t bytes,
                                                 void** out_place);
/* Sends what was written. The place is no more the caller's. As busbar_endpoint_send if the
 * receiver is gone meanwhile; then it goes to another match. BUSBAR_INVALID_ARGUMENT: nothing is
 * reserved. */
BUSBAR_API busbar_status busbar_endpoint_commit(busbar_endpoint* endpoint, busbar_uuid type,
                                                uint16_t format);
/* Gives the place back. Does nothing when nothing is reserved. */
BUSBAR_API void busbar_endpoint_cancel(busbar_endpoint* endpoint);

/* --- Receiving ----------------------------------------------------------------------------------
 */

/*
 * The next message, waiting for at most `timeout_ms` (0: not at all, BUSBAR_FOREVER). Free it by
 * busbar_message_free. Up to 64 messages are copied out of shared memory at a time; those that the
 * program has not received when it closes the endpoint go back to their senders.
 * BUSBAR_TIMEOUT, or BUSBAR_WOULD_BLOCK if `timeout_ms` is 0: there is none. BUSBAR_CLOSED: the
 * endpoint has lost its bus for good. BUSBAR_INVALID_ARGUMENT: another thread receives, or a
 * message is borrowed.
 */
BUSBAR_API busbar_status busbar_endpoint_receive(busbar_endpoint* endpoint, int32_t timeout_ms,
                                                 busbar_message** out_message);
/*
 * What an event loop polls: readable when busbar_endpoint_receive(…, 0, …) is worth calling, which
 * the program does until it says BUSBAR_WOULD_BLOCK. A descriptor, on Windows a HANDLE of an event.
 * Stays the endpoint's.
 */
BUSBAR_API busbar_object busbar_endpoint_pollable(busbar_endpoint* endpoint);

typedef struct busbar_message_info {
  /* sizeof(busbar_message_info), set by the caller; fields beyond it are not written. */
  size_t size;
  busbar_uuid type;
  uint16_t format;
  /* The number that a reply names; counts the sender's messages. */
  uint64_t id;
  /* Number of the message that this one answers; 0: none. */
  uint64_t reply_to;
  uint64_t from_id;
  uint32_t from_pid;
  uint32_t object_count;
  uint32_t region_count;
  /* Not 0: objects (bit 0) or regions (bit 1) came with it and were lost, because this process was
   * at a limit. */
  uint32_t lost;
} busbar_message_info;

BUSBAR_API busbar_status busbar_message_get_info(const busbar_message* message,
                                                 busbar_message_info* out_info);
/* The payload, aligned to 8 bytes; the message's. */
BUSBAR_API busbar_span busbar_message_borrow_payload(const busbar_message* message);
/* One string of the sender's label, ended by a zero byte; the message's. Null: no such index. */
BUSBAR_API const char* busbar_message_borrow_from_label(const busbar_message* message,
                                                        size_t index);
/* One of BUSBAR_OBJECT_. BUSBAR_INVALID_ARGUMENT: no such index, or taken. */
BUSBAR_API busbar_status busbar_message_get_object_kind(const busbar_message* message, size_t index,
                                                        int32_t* out_kind);
/* One object, which the caller closes from now on. BUSBAR_INVALID_ARGUMENT: no such index, taken,
 * or BUSBAR_OBJECT_UNUSABLE. */
BUSBAR_API busbar_status busbar_message_take_object(busbar_message* message, size_t index,
                                                    busbar_object* out_object);
/* One region; free it by busbar_region_free. `*out_range` (may be null): which part of it was sent.
 * BUSBAR_INVALID_ARGUMENT: no such index, or taken. */
BUSBAR_API busbar_status busbar_message_take_region(busbar_message* message, size_t index,
                                                    busbar_region** out_region,
                                                    busbar_region_range* out_range);
/* Sends an answer to the sender of a message. As busbar_endpoint_send. */
BUSBAR_API busbar_status busbar_message_reply(busbar_message* message,
                                              const busbar_outgoing* answer);
/* What was not taken of it is closed and released; a sender that waits until it is handled is told
 * that it is. Messages may be freed in any order. Null is allowed. Before the endpoint is closed:
 * what is not freed by then is not handled. */
BUSBAR_API void busbar_message_free(busbar_message* message);
/* As busbar_message_free, of a message that could not be handled: its sender, if it waits for that,
 * is told `reason`, as BUSBAR_DECODE_FAILED or BUSBAR_NOT_HANDLED. A sender that waits only until
 * it is taken has been told already. BUSBAR_INVALID_ARGUMENT: not a failure of this list, or null;
 * nothing is freed. */
BUSBAR_API busbar_status busbar_message_refuse(busbar_message* message, busbar_status reason);

/*
 * The way without a copy: the next message where it lies in shared memory, until
 * busbar_endpoint_release_borrowed; meanwhile nothing else can be received. The payload is memory
 * that its sender can still write to: look at nothing twice, and check before use. Messages with
 * objects or regions have them, to be taken as from any other, in `*out_message`. As
 * busbar_endpoint_receive.
 */
BUSBAR_API busbar_status busbar_endpoint_borrow_next(busbar_endpoint* endpoint, int32_t timeout_ms,
                                                     busbar_message** out_message,
                                                     busbar_span* out_payload);
/* Its sender may use the memory again; the message is freed. Does nothing when none is borrowed. */
BUSBAR_API void busbar_endpoint_release_borrowed(busbar_endpoint* endpoint);

/* --- Who is there -------------------------------------------------------------------------------
 */

/* Everybody on the bus at this moment, this endpoint included. Free it by busbar_peer_list_free. */
BUSBAR_API busbar_status busbar_endpoint_list_peers(busbar_endpoint* endpoint,
                                                    busbar_peer_list** out_list);
BUSBAR_API size_t busbar_peer_list_count(const busbar_peer_list* list);
BUSBAR_API uint64_t busbar_peer_list_id(const busbar_peer_list* list, size_t index);
BUSBAR_API uint32_t busbar_peer_list_pid(const busbar_peer_list* list, size_t index);
/* One string of a label, ended by a zero byte; the list's. Null: no such index. */
BUSBAR_API const char* busbar_peer_list_borrow_label(const busbar_peer_list* list, size_t index,
                                                     size_t label_index);
BUSBAR_API void busbar_peer_list_free(busbar_peer_list* list);
/* How many endpoints the selector matches now. */
BUSBAR_API size_t busbar_endpoint_count_matches(busbar_endpoint* endpoint,
                                                const busbar_selector* selector);
/* Waits until at least `count` endpoints match. BUSBAR_TIMEOUT. */
BUSBAR_API busbar_status busbar_endpoint_wait_for(busbar_endpoint* endpoint,
                                                  const busbar_selector* selector, size_t count,
                                                  int32_t timeout_ms);

/* --- Memory regions -----------------------------------------------------------------------------
 */

/* Shared memory that travels with messages without a copy. A busbar_region is one reference to it;
 * the memory is free when nobody, in whatever process, holds one. */

enum { BUSBAR_REGION_READ_ONLY = 1 };
/* Zeros, 1 byte to 4 GiB, mapped into this process. `flags`: BUSBAR_REGION_READ_ONLY, others can
 * only read it, or 0. Free it by busbar_region_free. BUSBAR_INVALID_ARGUMENT, _OUT_OF_MEMORY,
 * _OUT_OF_DESCRIPTORS. */
BUSBAR_API busbar_status busbar_region_create(uint64_t bytes, uint32_t flags,
                                              busbar_region** out_region);
/* Where it is mapped, page-aligned; until the last reference of this process is freed. */
BUSBAR_API void* busbar_region_map(busbar_region* region);
BUSBAR_API uint64_t busbar_region_bytes(const busbar_region* region);
/* The same number in every process that holds it. */
BUSBAR_API uint64_t busbar_region_id(const busbar_region* region);
/* Not 0: what this process writes to it is seen by the others. */
BUSBAR_API int32_t busbar_region_is_writable(const busbar_region* region);
/* References of all processes, those under way included. */
BUSBAR_API uint64_t busbar_region_references(const busbar_region* region);
/* One more reference. */
BUSBAR_API busbar_status busbar_region_duplicate(const busbar_region* region,
                                                 busbar_region** out_region);
/* One reference less. Null is allowed. Any thread. */
BUSBAR_API void busbar_region_free(busbar_region* region);

/* Hands out regions and has them again when nobody holds them: neither system call nor page fault.
 */

/* Begin with BUSBAR_REGISTRY_OPTIONS_INIT; what is 0 has its default. */
typedef struct busbar_registry_options {
  /* sizeof(busbar_registry_options). */
  size_t size;
  /* Bytes of all its regions together. Default: 1 GiB. */
  uint64_t max_bytes;
  /* Milliseconds after which busbar_registry_maintain gives an unused region back. Default: 30,000.
   */
  uint32_t idle_ms;
  /* As for busbar_region_create. */
  uint32_t region_flags;
} busbar_registry_options;
#define BUSBAR_REGISTRY_OPTIONS_INIT \
  { .size = sizeof(busbar_registry_options) }

/* `options` may be null. Free it by busbar_registry_free. */
BUSBAR_API busbar_status busbar_registry_create(const busbar_registry_options* options,
                                                busbar_registry** out_registry);
/* Called once when the last holder, in whatever process, has let go or died; on a thread of the
 * library, so it must not call into this header nor wait. */
typedef void (*busbar_free_callback)(void* context);
/*
 * A region of at least `min_bytes`: a free one of the same tag (at most 255 bytes, null for none)
 * that is at most four times as large, else a new one, rounded up to 4,096 bytes. What a reused one
 * contains is left over. Free it by busbar_region_free. `on_free` may be null.
 * BUSBAR_LIMIT_EXCEEDED: all are in use and another one would exceed max_bytes.
 * BUSBAR_INVALID_ARGUMENT, _OUT_OF_MEMORY, _OUT_OF_DESCRIPTORS.
 */
BUSBAR_API busbar_status busbar_registry_alloc(busbar_registry* registry, uint64_t min_bytes,
                                               const char* tag, busbar_free_callback on_free,
                                               void* context, busbar_region** out_region);
/* Gives regions back to the system that nobody has used for the idle time; returns how many. */
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
/* No callback comes any more once this has returned; regions in use go when their last holder lets
 * go. Null is allowed. */
BUSBAR_API void busbar_registry_free(busbar_registry* registry);

#ifdef __cplusplus
}
#endif

#endif
