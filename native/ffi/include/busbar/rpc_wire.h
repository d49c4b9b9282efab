/* busbar/rpc_wire.h: how calls look on the bus: the format word, the types of members, the
 * metadata; a part of busbar_rpc.h. */
#ifndef BUSBAR_RPC_WIRE_H
#define BUSBAR_RPC_WIRE_H

#include <string.h>

#include "../busbar.h"

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

#ifdef __cplusplus
}
#endif

#endif
