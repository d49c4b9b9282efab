// Payloads to bytes and back, as the format word of their frame says.
import { Packed, PackedItems } from '../../interface/entry-values.js';
import { codecNumber } from '../../rpc/entry-port.js';
import type { ByteWriter } from './byte-writer.js';
import { isJsonTooDeep, isPackTooDeep } from './depth.js';
import { readMessagePack, writeListHead, writeMessagePack } from './message-pack.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Appends a payload.
 * @throws TypeError or RangeError for a value that cannot be sent.
 */
export function writePayload(into: ByteWriter, payload: unknown, codec: number): void {
  if (payload instanceof Packed) {
    into.raw(payload.bytes.subarray(payload.start, payload.end));
  } else if (payload instanceof PackedItems) {
    writeListHead(into, payload.count);
    for (const { bytes, start, end } of payload.runs) into.raw(bytes.subarray(start, end));
  } else if (codec === codecNumber.bytes) {
    into.raw(payload as Uint8Array);
  } else if (codec === codecNumber.json) {
    into.text(JSON.stringify(payload ?? null));
  } else {
    writeMessagePack(into, payload ?? null);
  }
}

/**
 * Reads a payload.
 * @throws An error that tells what is wrong with the bytes.
 */
export function readPayload(bytes: Uint8Array, codec: number, maxDepth: number): unknown {
  switch (codec) {
    case codecNumber.messagePack:
      return bytes.length === 0 ? null : readMessagePack(bytes, maxDepth);
    case codecNumber.json:
      if (isJsonTooDeep(bytes, maxDepth)) throw tooDeep(maxDepth);
      return JSON.parse(decoder.decode(bytes));
    case codecNumber.bytes:
      // The frame lies in memory that it shares with others.
      return bytes.slice();
    default:
      throw new TypeError(`codec ${codec} is not known here`);
  }
}

/** Whether a payload may be read by code that does not count how deep it is. */
export function isShallow(bytes: Uint8Array, codec: number, maxDepth: number): boolean {
  return codec !== codecNumber.messagePack || !isPackTooDeep(bytes, maxDepth);
}

/** The payload of a call or answer is nested too deep. */
export function tooDeep(maxDepth: number): RangeError {
  return new RangeError(`the payload is nested more than ${maxDepth} deep`);
}
