// From an outgoing message to bytes, and from bytes to the payload of a received message. Every
// failure becomes an error of this package. The endpoint uses the codecs only through this file.
import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  BusError,
  DecodeFailedError,
  SchemaMismatchError,
  UnsupportedError,
} from '../errors/index.js';
import type { StagingArena } from '../memory/staging-arena.js';
import type { BoxEntry } from './box-entry.js';
import type { OutgoingMessage } from './outgoing-message.js';

/**
 * Encodes a message; until the next encoding, its bytes are `arena.start` to `arena.end` of
 * `arena.source`.
 * @throws InvalidArgumentError, or any other error of the codec, if it refused the payload.
 */
export function encodePayload(message: OutgoingMessage, arena: StagingArena): void {
  // The type's own factory made the message and accepts only payloads for the codec.
  message.entry.type.codec.encode(message.payload as never, arena);
}

/**
 * Decodes bytes `start` to `end` of `source`, which may be reused afterwards, and validates the
 * result. `peerId` is the sender's id, for the errors. Runs for every message, and takes what
 * `Codec.decode` takes in the same order.
 * @throws DecodeFailedError if the bytes are not what the codec writes.
 * @throws SchemaMismatchError if the schema refuses the value; `cause` has its issues.
 * @throws UnsupportedError if the schema is asynchronous.
 */
export function decodePayload(
  entry: BoxEntry,
  source: Uint8Array,
  start: number,
  end: number,
  format: number,
  peerId: number,
): unknown {
  let value: unknown;
  try {
    value = entry.type.codec.decode(source, start, end, format);
  } catch (error) {
    throw decodeFailed(entry, peerId, error);
  }
  return validated(entry, value, peerId);
}

/**
 * The same for bytes that are all of `source` and that nothing else uses: the payload may consist
 * of them.
 */
export function adoptPayload(
  entry: BoxEntry,
  source: Uint8Array,
  format: number,
  peerId: number,
): unknown {
  const { codec } = entry.type;
  if (codec.adopt === undefined) {
    return decodePayload(entry, source, 0, source.length, format, peerId);
  }
  let value: unknown;
  try {
    value = codec.adopt(source, format);
  } catch (error) {
    throw decodeFailed(entry, peerId, error);
  }
  return validated(entry, value, peerId);
}

function decodeFailed({ type, key }: BoxEntry, peerId: number, cause: unknown): DecodeFailedError {
  return new DecodeFailedError(
    `${described(key, peerId)} is not valid ${type.codec.name}: ${textOf(cause)}`,
    { type: key, peerId, cause },
  );
}

function validated({ type: { schema }, key }: BoxEntry, value: unknown, peerId: number): unknown {
  if (schema === undefined) return value;
  const result = callValidator(schema, value, key, peerId);
  if ('then' in result) {
    // Its outcome is ignored, and a rejection must not end the process.
    result.then(undefined, () => undefined);
    throw new UnsupportedError(
      `schema of '${key}' is asynchronous; only synchronous ones are supported`,
      {
        type: key,
        peerId,
      },
    );
  }
  if (result.issues === undefined) return result.value;
  throw new SchemaMismatchError(
    `${described(key, peerId)} does not fit its schema: ${issuesText(result.issues)}`,
    { type: key, peerId, cause: result.issues },
  );
}

function callValidator(schema: StandardSchemaV1, value: unknown, key: string, peerId: number) {
  try {
    return schema['~standard'].validate(value);
  } catch (error) {
    if (error instanceof BusError) throw error;
    throw new SchemaMismatchError(`schema of '${key}' failed: ${textOf(error)}`, {
      type: key,
      peerId,
      cause: error,
    });
  }
}

function described(key: string, peerId: number): string {
  return `payload of '${key}' from endpoint ${peerId}`;
}

const shownIssues = 3;

function issuesText(issues: readonly StandardSchemaV1.Issue[]): string {
  const shown = issues.slice(0, shownIssues).map(({ message, path }) => {
    const keys = path?.map((segment) => (typeof segment === 'object' ? segment.key : segment));
    return keys === undefined || keys.length === 0
      ? message
      : `${keys.map(String).join('.')}: ${message}`;
  });
  const hidden = issues.length - shown.length;
  return hidden > 0 ? `${shown.join('; ')}; and ${hidden} more` : shown.join('; ');
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
