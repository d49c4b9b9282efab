// The message types that every endpoint can use at once, and shorthands to make a type with a given
// codec.
import type { Codec } from './codec.js';
import { bytesCodec } from './codecs/bytes.js';
import { jsonCodec } from './codecs/json.js';
import { messagePackCodec } from './codecs/message-pack.js';
import { structuredCloneCodec } from './codecs/structured-clone.js';
import { textCodec } from './codecs/text.js';
import { type MessageType, messageType } from './message-type.js';

/** The codecs, for `messageType(id, { codec })`. `struct()` makes the codec of a struct. */
export const codecs = Object.freeze({
  /** A `Uint8Array`, as it is. */
  bytes: bytesCodec,
  /** A string as UTF-8. */
  text: textCodec,
  /** Makes a codec for JSON values. */
  json: jsonCodec,
  /** Makes a codec for plain values, which any MessagePack library reads: the default. */
  messagePack: messagePackCodec,
  /** Makes a codec for structured clones, between Node processes. */
  structuredClone: structuredCloneCodec,
});

/**
 * Raw bytes: a Uint8Array, with `{ format }` as a 16-bit word that tells what they are.
 * UUID `0f12682f-89fc-5180-bbb2-d242e4998f9f`, derived from the name `busbar.bytes`.
 */
export const bytes: MessageType<Uint8Array> = messageType('busbar.bytes', { codec: bytesCodec });

/**
 * A string as UTF-8. UUID `db3e773c-a534-517d-8f2f-59336324b95e`, derived from the name
 * `busbar.text`.
 */
export const text: MessageType<string> = messageType('busbar.text', { codec: textCodec });

/**
 * Any plain value as MessagePack: the one type of an endpoint that joined without a message box.
 * UUID `cfcd8a31-b14a-5916-b6b7-4d4c21123408`, derived from the name `busbar.plain`.
 */
export const plain: MessageType<unknown> = messageType('busbar.plain');

/** A message type of JSON; see `codecs.json` for what JSON changes. */
export function json<T = unknown>(uuidOrName: string): MessageType<T, NoInfer<T>> {
  return withCodec(uuidOrName, jsonCodec<T>());
}

/** A message type of MessagePack; see `codecs.messagePack` for what it changes. */
export function messagePack<T = unknown>(uuidOrName: string): MessageType<T, NoInfer<T>> {
  return withCodec(uuidOrName, messagePackCodec<T>());
}

/** A message type of structured clones, for Node peers only. */
export function structuredClone<T = unknown>(uuidOrName: string): MessageType<T, NoInfer<T>> {
  return withCodec(uuidOrName, structuredCloneCodec<T>());
}

function withCodec<T>(uuidOrName: string, codec: Codec<T>): MessageType<T> {
  return messageType<T>(uuidOrName, { codec });
}
