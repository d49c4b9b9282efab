// The structured clone algorithm, in V8's own serialization format.
import { DefaultSerializer, deserialize, serialize } from 'node:v8';
import { BusError, InvalidArgumentError } from '../../errors/index.js';
import { isDetached } from '../../memory/detached.js';
import { exclusiveBytes } from '../../memory/owned-bytes.js';
import type { Codec } from '../codec.js';

const codec: Codec<unknown> = Object.freeze({
  name: 'structured clone',
  encode(value, arena): void {
    const bytes = serialized(value);
    arena.stage(bytes, 0, bytes.length);
  },
  // A copy first: V8 makes the typed arrays of the result over the very bytes it reads.
  decode: (source, start, end) => deserialize(exclusiveBytes(source, start, end)),
} satisfies Codec<unknown>);

/**
 * Structured clone: keeps `Map`, `Set`, `Date`, `RegExp`, `Error`, typed arrays, bigints and cycles. For
 * Node peers only: no other language reads V8's format, and a Node much older than the sender's may not
 * either. Several times slower than MessagePack.
 *
 * It differs from the global `structuredClone()` in two ways. Views of one `ArrayBuffer` each arrive with bytes of
 * their own (in an `ArrayBuffer` that has the whole message), and what only Node can clone is refused: `MessagePort`, `KeyObject`, `CryptoKey`, `FileHandle`.
 * These, functions, symbols, promises, proxies, `SharedArrayBuffer` and memory that was transferred are refused with
 * `InvalidArgumentError`; what a getter throws goes on as it is. So is a `WebAssembly.Module` as the payload; within
 * one it is refused by the receiver only, since V8 says nothing. As always with structured clones, an instance of a
 * class is a plain object of its enumerable members (a `Blob` too, where Node does not refuse it).
 */
export function structuredCloneCodec<T = unknown>(): Codec<T> {
  return codec as Codec<T, unknown>;
}

function refusal(what: string, cause?: unknown): InvalidArgumentError {
  const line = what.split('\n', 1)[0];
  return new InvalidArgumentError(`payload cannot be cloned: ${line}`, { cause });
}

/** What V8 calls for objects of the host; the type library has none of these methods. */
interface Hooks {
  _writeHostObject(view: ArrayBufferView): void;
}

class CloneSerializer extends DefaultSerializer {
  _getSharedArrayBufferId(): never {
    throw refusal('a SharedArrayBuffer');
  }

  _writeHostObject(object: ArrayBufferView): void {
    if (ArrayBuffer.isView(object) && isDetached(object.buffer)) {
      throw refusal('an array whose memory was transferred');
    }
    (DefaultSerializer.prototype as unknown as Hooks)._writeHostObject.call(this, object);
  }
}
// Makes the errors. Node calls it with `new` and V8 without, so it is no method.
Object.defineProperty(CloneSerializer.prototype, '_getDataCloneError', {
  value: function cloneError(message: string): InvalidArgumentError {
    return refusal(message);
  },
});

/** Not in Bun, whose serializer is another one. */
const canExtend = (() => {
  try {
    return new CloneSerializer() instanceof DefaultSerializer;
  } catch {
    return false;
  }
})();

/** A header alone, which no value has. */
const headerBytes = 2;

function serialized(value: unknown): Uint8Array {
  try {
    return canExtend ? serializedByNode(value) : serialize(value);
  } catch (error) {
    // Of other runtimes; an error of the user's own getter goes on as it is.
    if (error instanceof BusError || !/(?:could|can) ?not be cloned/.test(textOf(error)))
      throw error;
    throw refusal(textOf(error), error);
  }
}

function serializedByNode(value: unknown): Uint8Array {
  const serializer = new CloneSerializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  const bytes = serializer.releaseBuffer();
  // V8 writes nothing for a WebAssembly.Module that nobody shares, and does not say so.
  if (bytes.length === headerBytes) throw refusal('a WebAssembly.Module');
  return bytes;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
