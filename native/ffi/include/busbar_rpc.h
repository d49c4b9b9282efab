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
#include "busbar/rpc_wire.h"

#ifdef __cplusplus
extern "C" {
#endif

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
 * whoever receives. BUSBAR_RPC_GONE comes after the last message of a server that is gone; that of
 * one that was cut off may still be among the messages that wait. */
static inline void busbar_rpc_note(busbar_rpc_call* call, const busbar_event* event) {
  if (call->state != BUSBAR_RPC_PENDING || event->peer_id != call->peer_id) return;
  if (event->kind == BUSBAR_EVENT_UNDELIVERED && event->message_id == call->id) {
    call->state = BUSBAR_RPC_NOT_TAKEN;
  } else if (event->kind == BUSBAR_EVENT_PEER_ENDED || event->kind == BUSBAR_EVENT_DISCONNECTED ||
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
