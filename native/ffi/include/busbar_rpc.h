/*
 * busbar_rpc.h: calls, for programs in C, on top of busbar.h: which message is a call and which
 * answers it, how long the caller waits, how a call fails. Header-only; payloads are MessagePack,
 * or JSON, of a library of the program's choice. For C++ there is busbar_rpc.hpp.
 *
 * A call is a message of the type of its method (busbar_rpc_member_type). Its payload is the map of
 * its arguments. An answer is a message of type busbar.rpc that replies to it; its format word says
 * what it is: bits 0-3 the kind, 4-7 the codec, 8-15 flags. Whatever a peer wrote is checked here:
 * the caller of these functions gets sizes within the message, or an error.
 *
 * A server joins with two labels, the name of its interface and `name/major`, and answers:
 *
 *   busbar_rpc_answer(message, BUSBAR_RPC_RESULT, payload, bytes);
 *   busbar_rpc_fail(message, "OutOfRange", "it is too hot", data, data_bytes);
 *
 * A client calls with busbar_rpc_start, and waits with busbar_rpc_wait or from its own loop: it
 * gives what on_event reports to busbar_rpc_note, and asks busbar_rpc_answers of each message.
 */
#ifndef BUSBAR_RPC_H
#define BUSBAR_RPC_H

#include <string.h>

#include "busbar.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- The format word ----------------------------------------------------------------------------
 */

/* The type of every answer, and of a question that every server answers with an empty map. */
#define BUSBAR_RPC_TYPE_ANSWER "5d93b0e0-d5e9-54a6-8d34-0be35c7f0804"
#define BUSBAR_RPC_TYPE_PING "0f533683-5a80-5828-a3ca-052b5428942e"
#define BUSBAR_RPC_TYPE_DESCRIBE "14dee38b-cd2d-585b-a8b5-a4cd62cc7be9"
#define BUSBAR_RPC_TYPE_STATS "ea0d06e0-3ac1-562e-9dfd-7962b0114fb6"

/* The kinds of answers. */
enum {
  BUSBAR_RPC_RESULT = 0,
  /* The payload is a map of `code`, `message` and, for a declared error, `data`. */
  BUSBAR_RPC_ERROR = 1,
  /* Not executed; another server may take it. The payload is a map of `load` and `leaving`. */
  BUSBAR_RPC_BUSY = 2,
  /* One item of a stream, or a list of them. */
  BUSBAR_RPC_ITEM = 3,
  BUSBAR_RPC_ITEMS = 4,
  /* A stream is over; the payload is the result, if the method has one. */
  BUSBAR_RPC_END = 5,
  /* The receiver of a stream allows more items: busbar_rpc_metadata.credit_. */
  BUSBAR_RPC_CREDIT = 6,
  /* The caller no longer waits. */
  BUSBAR_RPC_CANCEL = 7,
  /* Answers no message. The caller took its answers too slowly: the server has dropped its calls
   * and subscriptions, as if it had died. */
  BUSBAR_RPC_FORGOTTEN = 8,
  /* Of a relay: the server of a subscription is gone; an item says when another one has it. */
  BUSBAR_RPC_MOVED = 9,
  /* Nothing. */
  BUSBAR_RPC_NOTHING = 15
};

/* What a message of a member's own type is. */
enum {
  /* Calls a method, or asks for a property: the answer is a map of `value` and `version`. */
  BUSBAR_RPC_CALL = 0,
  /* A signal, or a new value of a property, for everyone who subscribed. */
  BUSBAR_RPC_EMISSION = 1,
  /* Sets a property; the payload is a map of `value` and, at wish, `ifVersion`. */
  BUSBAR_RPC_SET = 2,
  /* Subscribes to a signal or property, until it is cancelled. */
  BUSBAR_RPC_SUBSCRIBE = 3
};

enum { BUSBAR_RPC_MESSAGEPACK = 0, BUSBAR_RPC_JSON = 1 };

enum {
  /* A frame about a call that its caller sends: input, credit, BUSBAR_RPC_CANCEL. */
  BUSBAR_RPC_FROM_CALLER = 0x100,
  /* The sender of a stream had to wait for credit. */
  BUSBAR_RPC_STARVED = 0x200,
  /* A server that does not know the type answers with an error. Set in every call. */
  BUSBAR_RPC_EXPECTS_ANSWER = 0x400,
  /* A result that is a byte array may come as it is, with codec 2, whatever the codec of the call.
   */
  BUSBAR_RPC_ACCEPTS_BYTES = 0x800
};

static inline uint16_t busbar_rpc_format(uint32_t kind, uint32_t codec, uint32_t flags) {
  return (uint16_t)((kind & 0xFU) | ((codec & 0xFU) << 4) | (flags & 0xFF00U));
}
static inline uint32_t busbar_rpc_kind(uint16_t format) { return format & 0xFU; }
static inline uint32_t busbar_rpc_codec(uint16_t format) { return ((uint32_t)format >> 4) & 0xFU; }

static inline busbar_uuid busbar_rpc_answer_type(void) {
  static const busbar_uuid type = {{0x5d, 0x93, 0xb0, 0xe0, 0xd5, 0xe9, 0x54, 0xa6, 0x8d, 0x34,
                                    0x0b, 0xe3, 0x5c, 0x7f, 0x08, 0x04}};
  return type;
}

/* --- Types of members ---------------------------------------------------------------------------
 */

static inline uint32_t busbar_rpc_rotate(uint32_t word, unsigned bits) {
  return (word << bits) | (word >> (32 - bits));
}

/* One block of SHA-1, which RFC 9562 derives UUIDs of version 5 by. */
static inline void busbar_rpc_sha1_block(uint32_t state[5], const uint8_t* block) {
  uint32_t w[80];
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  int i;
  for (i = 0; i < 16; ++i) {
    w[i] = ((uint32_t)block[4 * i] << 24) | ((uint32_t)block[4 * i + 1] << 16) |
           ((uint32_t)block[4 * i + 2] << 8) | (uint32_t)block[4 * i + 3];
  }
  for (; i < 80; ++i) w[i] = busbar_rpc_rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  for (i = 0; i < 80; ++i) {
    const uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5A827999U
                       : i < 40 ? (b ^ c ^ d) + 0x6ED9EBA1U
                       : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDCU
                                : (b ^ c ^ d) + 0xCA62C1D6U;
    const uint32_t next = busbar_rpc_rotate(a, 5) + f + e + w[i];
    e = d;
    d = c;
    c = busbar_rpc_rotate(b, 30);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

/* The UUID of a message type by its name, as in Node's messageType('com.example.move'). Names have
 * at most 1,024 bytes; what is longer is cut. */
static inline busbar_uuid busbar_rpc_named_type(const char* name) {
  static const uint8_t space[16] = {0x03, 0x4f, 0x1c, 0x99, 0xce, 0x3f, 0x46, 0xd5,
                                    0xb0, 0xcd, 0xc9, 0x6b, 0x1f, 0x26, 0x19, 0x75};
  uint32_t state[5] = {0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
  uint8_t block[64];
  uint8_t digest[20];
  busbar_uuid made;
  const char* end = (const char*)memchr(name, 0, 1024);
  const size_t length = 16 + (end == NULL ? 1024 : (size_t)(end - name));
  /* The text, a byte 0x80, zeroes, and the length in bits as the last 8 bytes of a block. */
  const size_t blocks = (length + 1 + 8 + 63) / 64;
  size_t at, i;
  for (at = 0; at < blocks; ++at) {
    for (i = 0; i < 64; ++i) {
      const size_t place = at * 64 + i;
      const size_t from_end = blocks * 64 - place;
      uint8_t byte = 0;
      if (place < 16) {
        byte = space[place];
      } else if (place < length) {
        byte = (uint8_t)name[place - 16];
      } else if (place == length) {
        byte = 0x80;
      } else if (from_end <= 8) {
        byte = (uint8_t)(((uint64_t)length * 8) >> (8 * (from_end - 1)));
      }
      block[i] = byte;
    }
    busbar_rpc_sha1_block(state, block);
  }
  for (i = 0; i < 20; ++i) digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
  memcpy(made.bytes, digest, 16);
  made.bytes[6] = (uint8_t)((made.bytes[6] & 0x0FU) | 0x50U);
  made.bytes[8] = (uint8_t)((made.bytes[8] & 0x3FU) | 0x80U);
  return made;
}

/* The type of a member: of `com.example.thermostat/1` and `setTarget`. */
static inline busbar_uuid busbar_rpc_member_type(const char* interface_label, const char* member) {
  char name[1025];
  size_t at = 0;
  while (*interface_label != 0 && at < 512) name[at++] = *interface_label++;
  name[at++] = '.';
  while (*member != 0 && at < 1024) name[at++] = *member++;
  name[at] = 0;
  return busbar_rpc_named_type(name);
}

/* --- Metadata -----------------------------------------------------------------------------------
 */

/* The fields that calls use, beside the payload of a frame. All 0: none of them. */
typedef struct busbar_rpc_metadata {
  /* Not 0: the caller gives up in `deadline_ms`. Remaining time, since clocks are not compared. */
  int32_t has_deadline;
  uint32_t deadline_ms;
  /* What the other side of a stream may send in addition. */
  uint32_t credit_items;
  uint32_t credit_bytes;
  /* How often the call was sent to other servers before. */
  uint8_t attempt;
  /* Not 0: `trace` has a trace id of 16 bytes, the id of the parent of 8, and flags. Copy it to the
   * calls that a call makes. */
  uint8_t has_trace;
  uint8_t trace[25];
  /* Not 0, of a call with a trace: the call that it is made for, by the id of its sender and its
   * number, for tools that see all messages. A method's calls have those of the method's call. */
  uint8_t has_cause;
  uint64_t cause_peer;
  uint64_t cause_id;
} busbar_rpc_metadata;

enum { BUSBAR_RPC_METADATA_BYTES = 66 };

/* The tags. Those from 128 on must be understood. */
enum {
  BUSBAR_RPC_TAG_DEADLINE = 1,
  BUSBAR_RPC_TAG_CREDIT = 2,
  BUSBAR_RPC_TAG_TRACE = 3,
  BUSBAR_RPC_TAG_TRACE_STATE = 4,
  BUSBAR_RPC_TAG_ATTEMPT = 8,
  BUSBAR_RPC_TAG_CAUSE = 11,
  BUSBAR_RPC_TAG_CRITICAL = 128
};

static inline uint8_t* busbar_rpc_put_u32(uint8_t* at, uint32_t value) {
  int i;
  for (i = 0; i < 4; ++i) at[i] = (uint8_t)(value >> (8 * i));
  return at + 4;
}
static inline uint32_t busbar_rpc_get_u32(const uint8_t* at) {
  return (uint32_t)at[0] | ((uint32_t)at[1] << 8) | ((uint32_t)at[2] << 16) |
         ((uint32_t)at[3] << 24);
}

static inline uint8_t* busbar_rpc_put_u64(uint8_t* at, uint64_t value) {
  at = busbar_rpc_put_u32(at, (uint32_t)value);
  return busbar_rpc_put_u32(at, (uint32_t)(value >> 32));
}
static inline uint64_t busbar_rpc_get_u64(const uint8_t* at) {
  return (uint64_t)busbar_rpc_get_u32(at) | ((uint64_t)busbar_rpc_get_u32(at + 4) << 32);
}

/* Returns the bytes written; 0 if there is nothing to say. */
static inline size_t busbar_rpc_write_metadata(const busbar_rpc_metadata* fields,
                                               uint8_t out[BUSBAR_RPC_METADATA_BYTES]) {
  uint8_t* at = out + 2;
  out[0] = 1;
  out[1] = 0;
  if (fields->has_deadline != 0) {
    *at++ = BUSBAR_RPC_TAG_DEADLINE;
    *at++ = 4;
    at = busbar_rpc_put_u32(at, fields->deadline_ms);
  }
  if (fields->credit_items != 0 || fields->credit_bytes != 0) {
    *at++ = BUSBAR_RPC_TAG_CREDIT;
    *at++ = 8;
    at = busbar_rpc_put_u32(at, fields->credit_items);
    at = busbar_rpc_put_u32(at, fields->credit_bytes);
  }
  if (fields->attempt != 0) {
    *at++ = BUSBAR_RPC_TAG_ATTEMPT;
    *at++ = 1;
    *at++ = fields->attempt;
  }
  if (fields->has_trace != 0) {
    *at++ = BUSBAR_RPC_TAG_TRACE;
    *at++ = 25;
    memcpy(at, fields->trace, 25);
    at += 25;
  }
  if (fields->has_cause != 0) {
    *at++ = BUSBAR_RPC_TAG_CAUSE;
    *at++ = 16;
    at = busbar_rpc_put_u64(at, fields->cause_peer);
    at = busbar_rpc_put_u64(at, fields->cause_id);
  }
  return at == out + 2 ? 0 : (size_t)(at - out);
}

/* Reads what a peer wrote. BUSBAR_DECODE_FAILED: it is malformed, or has a tag that must be
 * understood and is not; a call is then refused with INVALID_ARGUMENT. */
static inline busbar_status busbar_rpc_read_metadata(busbar_span metadata,
                                                     busbar_rpc_metadata* out_fields) {
  const uint8_t* bytes = (const uint8_t*)metadata.data;
  busbar_rpc_metadata found;
  size_t at = 2;
  memset(&found, 0, sizeof found);
  if (metadata.bytes != 0 && (metadata.bytes < 2 || bytes[0] != 1)) return BUSBAR_DECODE_FAILED;
  while (at < metadata.bytes) {
    const uint8_t* value = bytes + at + 2;
    uint8_t tag, length;
    if (metadata.bytes - at < 2) return BUSBAR_DECODE_FAILED;
    tag = bytes[at];
    length = bytes[at + 1];
    if (metadata.bytes - at - 2 < length) return BUSBAR_DECODE_FAILED;
    at += 2 + (size_t)length;
    if (tag >= BUSBAR_RPC_TAG_CRITICAL) return BUSBAR_DECODE_FAILED;
    if (tag == BUSBAR_RPC_TAG_DEADLINE) {
      if (length != 4) return BUSBAR_DECODE_FAILED;
      found.has_deadline = 1;
      found.deadline_ms = busbar_rpc_get_u32(value);
    } else if (tag == BUSBAR_RPC_TAG_CREDIT) {
      if (length != 8) return BUSBAR_DECODE_FAILED;
      found.credit_items = busbar_rpc_get_u32(value);
      found.credit_bytes = busbar_rpc_get_u32(value + 4);
    } else if (tag == BUSBAR_RPC_TAG_ATTEMPT) {
      if (length != 1) return BUSBAR_DECODE_FAILED;
      found.attempt = value[0];
    } else if (tag == BUSBAR_RPC_TAG_TRACE) {
      if (length != 25) return BUSBAR_DECODE_FAILED;
      found.has_trace = 1;
      memcpy(found.trace, value, 25);
    } else if (tag == BUSBAR_RPC_TAG_CAUSE) {
      if (length != 16) return BUSBAR_DECODE_FAILED;
      found.has_cause = 1;
      found.cause_peer = busbar_rpc_get_u64(value);
      found.cause_id = busbar_rpc_get_u64(value + 8);
    }
  }
  *out_fields = found;
  return BUSBAR_OK;
}

/* --- Answering ----------------------------------------------------------------------------------
 */

/* Answers a call, or another frame that a caller sent, in its codec; `payload` may be null for a
 * result without a value. Otherwise as busbar_message_reply. */
static inline busbar_status busbar_rpc_answer(busbar_message* call, uint32_t kind,
                                              const void* payload, size_t bytes) {
  busbar_outgoing answer;
  busbar_message_info info;
  memset(&info, 0, sizeof info);
  info.size = sizeof info;
  busbar_message_get_info(call, &info);
  memset(&answer, 0, sizeof answer);
  answer.size = sizeof answer;
  answer.when_full = -1;
  answer.type = busbar_rpc_answer_type();
  answer.format = busbar_rpc_format(kind, busbar_rpc_codec(info.format), 0);
  answer.payload = payload;
  answer.payload_bytes = bytes;
  return busbar_message_reply(call, &answer);
}

/* The longest text of an error, and the longest data of busbar_rpc_fail, in bytes. */
enum { BUSBAR_RPC_MAX_TEXT = 2048, BUSBAR_RPC_MAX_DATA = 4096 };

static inline uint8_t* busbar_rpc_put_text(uint8_t* at, const char* text, size_t max) {
  size_t length = strlen(text);
  if (length > max) length = max;
  /* A character is not cut in two. */
  while (length > 0 && length < strlen(text) && ((uint8_t)text[length] & 0xC0U) == 0x80U) --length;
  *at++ = 0xDA;
  *at++ = (uint8_t)(length >> 8);
  *at++ = (uint8_t)length;
  memcpy(at, text, length); /* NOLINT(bugprone-not-null-terminated-result) */
  return at + length;
}

/*
 * Answers a call with an error: the name of one that the interface declares, with its data (a map
 * in MessagePack; null for none), or a code such as HANDLER_FAILED or INVALID_ARGUMENT. Errors are
 * in MessagePack whatever the call is in. BUSBAR_INVALID_ARGUMENT: `data` is larger than
 * BUSBAR_RPC_MAX_DATA. Otherwise as busbar_message_reply.
 */
static inline busbar_status busbar_rpc_fail(busbar_message* call, const char* code,
                                            const char* text, const void* data, size_t data_bytes) {
  static const uint8_t code_key[] = {0xA4, 'c', 'o', 'd', 'e'};
  static const uint8_t message_key[] = {0xA7, 'm', 'e', 's', 's', 'a', 'g', 'e'};
  static const uint8_t data_key[] = {0xA4, 'd', 'a', 't', 'a'};
  uint8_t payload[256 + BUSBAR_RPC_MAX_TEXT + BUSBAR_RPC_MAX_DATA];
  uint8_t* at = payload;
  busbar_outgoing answer;
  if (data_bytes > BUSBAR_RPC_MAX_DATA) return BUSBAR_INVALID_ARGUMENT;
  *at++ = data == NULL ? 0x82 : 0x83;
  memcpy(at, code_key, sizeof code_key);
  at = busbar_rpc_put_text(at + sizeof code_key, code, 64);
  memcpy(at, message_key, sizeof message_key);
  at = busbar_rpc_put_text(at + sizeof message_key, text, BUSBAR_RPC_MAX_TEXT);
  if (data != NULL) {
    memcpy(at, data_key, sizeof data_key);
    memcpy(at + sizeof data_key, data, data_bytes);
    at += sizeof data_key + data_bytes;
  }
  memset(&answer, 0, sizeof answer);
  answer.size = sizeof answer;
  answer.when_full = -1;
  answer.type = busbar_rpc_answer_type();
  answer.format = busbar_rpc_format(BUSBAR_RPC_ERROR, BUSBAR_RPC_MESSAGEPACK, 0);
  answer.payload = payload;
  answer.payload_bytes = (size_t)(at - payload);
  return busbar_message_reply(call, &answer);
}

/* Answers that the call was not executed, so that it goes to another server. */
static inline busbar_status busbar_rpc_busy(busbar_message* call) {
  static const uint8_t payload[] = {0x82, 0xA4, 'l', 'o', 'a', 'd', 0x00, 0xA7,
                                    'l',  'e',  'a', 'v', 'i', 'n', 'g',  0xC2};
  busbar_outgoing answer;
  memset(&answer, 0, sizeof answer);
  answer.size = sizeof answer;
  answer.when_full = -1;
  answer.type = busbar_rpc_answer_type();
  answer.format = busbar_rpc_format(BUSBAR_RPC_BUSY, BUSBAR_RPC_MESSAGEPACK, 0);
  answer.payload = payload;
  answer.payload_bytes = sizeof payload;
  return busbar_message_reply(call, &answer);
}

/* --- Calling ------------------------------------------------------------------------------------
 */

/* What is known of a call. */
enum {
  BUSBAR_RPC_PENDING = 0,
  /* Its answer is here. */
  BUSBAR_RPC_ANSWERED = 1,
  /* Certainly not executed: its server was gone before it had the call. Call another one. */
  BUSBAR_RPC_NOT_TAKEN = 2,
  /* Perhaps executed: its server is gone. Only an idempotent method is called again. */
  BUSBAR_RPC_GONE = 3
};

/* A call that is under way. */
typedef struct busbar_rpc_call {
  /* The number of its message, and the server that has it. */
  uint64_t id;
  uint64_t peer_id;
  /* One of the four above. */
  int32_t state;
  /* Which made it. */
  busbar_endpoint* endpoint;
} busbar_rpc_call;

/*
 * Calls a method at one of the servers that `selector`, a unicast, matches, with a payload in
 * MessagePack. `metadata` (may be null) has the deadline. Join with an on_event that gives each
 * event to busbar_rpc_note, and call busbar_endpoint_watch_peers before the first call, or the
 * death of a server is not heard of. Otherwise as busbar_endpoint_send.
 */
static inline busbar_status busbar_rpc_start(busbar_endpoint* endpoint,
                                             const busbar_selector* selector, busbar_uuid type,
                                             const void* arguments, size_t bytes,
                                             const busbar_rpc_metadata* metadata,
                                             busbar_rpc_call* out_call) {
  uint8_t written[BUSBAR_RPC_METADATA_BYTES];
  busbar_outgoing message;
  busbar_receipt receipt;
  busbar_status status;
  memset(&message, 0, sizeof message);
  message.size = sizeof message;
  message.when_full = -1;
  message.type = type;
  message.format =
      busbar_rpc_format(BUSBAR_RPC_CALL, BUSBAR_RPC_MESSAGEPACK, BUSBAR_RPC_EXPECTS_ANSWER);
  message.payload = arguments;
  message.payload_bytes = bytes;
  if (metadata != NULL) {
    message.metadata = written;
    message.metadata_bytes = busbar_rpc_write_metadata(metadata, written);
  }
  memset(&receipt, 0, sizeof receipt);
  receipt.size = sizeof receipt;
  status = busbar_endpoint_send_with_receipt(endpoint, selector, &message, &receipt);
  if (status != BUSBAR_OK) return status;
  out_call->id = receipt.id;
  out_call->peer_id = receipt.peer_id;
  out_call->state = BUSBAR_RPC_PENDING;
  out_call->endpoint = endpoint;
  return BUSBAR_OK;
}

/* Wakes a busbar_endpoint_receive of this endpoint, by a message to itself that says nothing. */
static inline void busbar_rpc_wake(busbar_endpoint* endpoint) {
  busbar_expression* itself = NULL;
  busbar_selector* selector = NULL;
  busbar_outgoing message;
  memset(&message, 0, sizeof message);
  message.size = sizeof message;
  message.when_full = BUSBAR_WHEN_FULL_DROP;
  message.type = busbar_rpc_answer_type();
  message.format = busbar_rpc_format(BUSBAR_RPC_NOTHING, BUSBAR_RPC_MESSAGEPACK, 0);
  if (busbar_expression_peer(busbar_endpoint_id(endpoint), &itself) != BUSBAR_OK) return;
  if (busbar_selector_create(endpoint, itself, BUSBAR_UNICAST, &selector) == BUSBAR_OK) {
    busbar_endpoint_send(endpoint, selector, &message, NULL);
    busbar_selector_free(selector);
  }
  busbar_expression_free(itself);
}
/* Not 0: the message says nothing, and is freed. */
static inline int32_t busbar_rpc_is_nothing(const busbar_message_info* info) {
  const busbar_uuid type = busbar_rpc_answer_type();
  return memcmp(type.bytes, info->type.bytes, sizeof type.bytes) == 0 &&
         busbar_rpc_kind(info->format) == BUSBAR_RPC_NOTHING;
}

/* For on_event, with each call that is under way: what the event means for it. A change wakes
 * whoever receives. After BUSBAR_RPC_GONE the answer may still be among the messages that wait. */
static inline void busbar_rpc_note(busbar_rpc_call* call, const busbar_event* event) {
  if (call->state != BUSBAR_RPC_PENDING || event->peer_id != call->peer_id) return;
  if (event->kind == BUSBAR_EVENT_UNDELIVERED && event->message_id == call->id) {
    call->state = BUSBAR_RPC_NOT_TAKEN;
  } else if (event->kind == BUSBAR_EVENT_PEER_LEFT || event->kind == BUSBAR_EVENT_DISCONNECTED ||
             event->kind == BUSBAR_EVENT_VIOLATION) {
    call->state = BUSBAR_RPC_GONE;
  }
  if (call->state != BUSBAR_RPC_PENDING) busbar_rpc_wake(call->endpoint);
}

/* Not 0: the message answers this call. Its kind is busbar_rpc_answer_kind. */
static inline int32_t busbar_rpc_answers(const busbar_rpc_call* call,
                                         const busbar_message_info* info) {
  return info->reply_to == call->id && info->from_id == call->peer_id && call->id != 0;
}
/* The kind of an answer. A program that knows nothing of calls answers with a type of its own,
 * which is a result. */
static inline uint32_t busbar_rpc_answer_kind(const busbar_message_info* info) {
  const busbar_uuid type = busbar_rpc_answer_type();
  const int is_answer = memcmp(type.bytes, info->type.bytes, sizeof type.bytes) == 0;
  return is_answer ? busbar_rpc_kind(info->format) : (uint32_t)BUSBAR_RPC_RESULT;
}

/* Receives a message that answers nothing here; it is the callee's from then on. */
typedef void (*busbar_rpc_other_callback)(void* context, busbar_message* message);

/*
 * Receives until the call is answered, and gives other messages to `other` (null: they are freed).
 * Free the answer with busbar_message_free. BUSBAR_TIMEOUT: cancel the call. BUSBAR_NO_RECIPIENT:
 * certainly not executed, its server did not take it. BUSBAR_PEER_GONE: perhaps executed.
 */
static inline busbar_status busbar_rpc_wait(busbar_endpoint* endpoint, busbar_rpc_call* call,
                                            int32_t timeout_ms, busbar_rpc_other_callback other,
                                            void* context, busbar_message** out_answer) {
  for (;;) {
    busbar_message* message = NULL;
    busbar_message_info info;
    busbar_status status;
    if (call->state == BUSBAR_RPC_NOT_TAKEN) return BUSBAR_NO_RECIPIENT;
    /* What the server had sent comes first. */
    status = busbar_endpoint_receive(endpoint, call->state == BUSBAR_RPC_GONE ? 0 : timeout_ms,
                                     &message);
    if (status != BUSBAR_OK) {
      if (call->state == BUSBAR_RPC_NOT_TAKEN) return BUSBAR_NO_RECIPIENT;
      if (call->state == BUSBAR_RPC_GONE && status == BUSBAR_WOULD_BLOCK) return BUSBAR_PEER_GONE;
      if (call->state == BUSBAR_RPC_GONE && timeout_ms != 0 && status == BUSBAR_TIMEOUT) {
        timeout_ms = 0;
        continue;
      }
      return status;
    }
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    busbar_message_get_info(message, &info);
    if (busbar_rpc_answers(call, &info)) {
      call->state = BUSBAR_RPC_ANSWERED;
      *out_answer = message;
      return BUSBAR_OK;
    }
    if (other != NULL && !busbar_rpc_is_nothing(&info)) {
      other(context, message);
    } else {
      busbar_message_free(message);
    }
  }
}

/* Tells the server that nobody waits for the call any more. `server` is a unicast of its peer_id.
 */
static inline busbar_status busbar_rpc_cancel(busbar_endpoint* endpoint,
                                              const busbar_selector* server,
                                              const busbar_rpc_call* call) {
  busbar_outgoing message;
  memset(&message, 0, sizeof message);
  message.size = sizeof message;
  message.when_full = -1;
  message.type = busbar_rpc_answer_type();
  message.format =
      busbar_rpc_format(BUSBAR_RPC_CANCEL, BUSBAR_RPC_MESSAGEPACK, BUSBAR_RPC_FROM_CALLER);
  message.reply_to = call->id;
  return busbar_endpoint_send(endpoint, server, &message, NULL);
}

/* --- Errors -------------------------------------------------------------------------------------
 */

/* An error as a server sent it. The spans are within the payload. */
typedef struct busbar_rpc_error {
  /* UTF-8 without a zero; 0 bytes: there was none, which counts as HANDLER_FAILED. */
  busbar_span code;
  busbar_span text;
  /* The data of a declared error, a map in MessagePack; 0 bytes: none. */
  busbar_span data;
} busbar_rpc_error;

/* The bytes of the MessagePack value at the beginning of `bytes`; 0: it is not whole. */
static inline size_t busbar_rpc_value_bytes(const uint8_t* bytes, size_t size) {
  /* By the first byte from 0xC0 on: the bytes that follow, or the bytes of a number that follows.
   * That counts bytes (64), bytes of an extension (128), values (16) or pairs of values (32). */
  static const uint8_t plan[32] = {
      0, 0, 0,  0,      1 | 64, 2 | 64, 4 | 64, 1 | 128, 2 | 128, 4 | 128, 4,
      8, 1, 2,  4,      8,      1,      2,      4,       8,       2,       3,
      5, 9, 17, 1 | 64, 2 | 64, 4 | 64, 2 | 16, 4 | 16,  2 | 32,  4 | 32};
  size_t at = 0;
  uint64_t left = 1;
  while (left > 0) {
    uint64_t skip = 0;
    uint8_t first;
    if (at >= size) return 0;
    first = bytes[at++];
    --left;
    if (first < 0x80 || first >= 0xE0) continue;
    if (first < 0x90) {
      left += 2U * (first & 0x0FU);
    } else if (first < 0xA0) {
      left += first & 0x0FU;
    } else if (first < 0xC0) {
      skip = first & 0x1FU;
    } else {
      const uint8_t how = plan[first - 0xC0];
      if (how < 16 || how == 17) {
        skip = how;
      } else {
        const size_t digits = how & 0x0FU;
        uint64_t count = 0;
        size_t i;
        if (size - at < digits) return 0;
        for (i = 0; i < digits; ++i) count = (count << 8) | bytes[at++];
        if ((how & 16) != 0) left += count;
        if ((how & 32) != 0) left += 2 * count;
        if ((how & 64) != 0) skip = count;
        /* An extension has a byte for its type. */
        if ((how & 128) != 0) skip = count + 1;
      }
    }
    if (skip > size - at) return 0;
    at += (size_t)skip;
    /* Every value has a byte at least. */
    if (left > size - at) return 0;
  }
  return at;
}

/* The text at the beginning of `bytes`; 0 bytes if it is none. */
static inline busbar_span busbar_rpc_text(const uint8_t* bytes, size_t size) {
  busbar_span text = {bytes, 0};
  size_t head = 0;
  size_t length = 0;
  if (size == 0) return text;
  if (bytes[0] >= 0xA0 && bytes[0] < 0xC0) {
    head = 1;
    length = bytes[0] & 0x1FU;
  } else if (bytes[0] == 0xD9 && size >= 2) {
    head = 2;
    length = bytes[1];
  } else if (bytes[0] == 0xDA && size >= 3) {
    head = 3;
    length = ((size_t)bytes[1] << 8) | bytes[2];
  }
  if (head == 0 || length > size - head) return text;
  text.data = bytes + head;
  text.bytes = length;
  return text;
}

/* Reads the payload of a BUSBAR_RPC_ERROR in MessagePack, which a peer wrote. BUSBAR_DECODE_FAILED:
 * it is no error; `*out_error` is then empty, which counts as HANDLER_FAILED. */
static inline busbar_status busbar_rpc_read_error(busbar_span payload,
                                                  busbar_rpc_error* out_error) {
  const uint8_t* bytes = (const uint8_t*)payload.data;
  size_t at = 1;
  size_t count;
  memset(out_error, 0, sizeof *out_error);
  if (payload.bytes == 0 || (bytes[0] & 0xF0U) != 0x80U) return BUSBAR_DECODE_FAILED;
  for (count = bytes[0] & 0x0FU; count > 0; --count) {
    const size_t key_bytes = busbar_rpc_value_bytes(bytes + at, payload.bytes - at);
    const busbar_span key = busbar_rpc_text(bytes + at, key_bytes);
    size_t value_bytes;
    if (key_bytes == 0) break;
    at += key_bytes;
    value_bytes = busbar_rpc_value_bytes(bytes + at, payload.bytes - at);
    if (value_bytes == 0) break;
    if (key.bytes == 4 && memcmp(key.data, "code", 4) == 0) {
      out_error->code = busbar_rpc_text(bytes + at, value_bytes);
    } else if (key.bytes == 7 && memcmp(key.data, "message", 7) == 0) {
      out_error->text = busbar_rpc_text(bytes + at, value_bytes);
    } else if (key.bytes == 4 && memcmp(key.data, "data", 4) == 0) {
      out_error->data.data = bytes + at;
      out_error->data.bytes = value_bytes;
    }
    at += value_bytes;
  }
  if (count == 0) return BUSBAR_OK;
  memset(out_error, 0, sizeof *out_error);
  return BUSBAR_DECODE_FAILED;
}

/* Whether the error has this code. */
static inline int32_t busbar_rpc_is_error(const busbar_rpc_error* error, const char* code) {
  return error->code.bytes == strlen(code) &&
         memcmp(error->code.data, code, error->code.bytes) == 0;
}

#ifdef __cplusplus
}
#endif

#endif
