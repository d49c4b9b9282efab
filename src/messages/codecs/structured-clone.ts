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
  // Copied first: V8 makes typed arrays over the very bytes that it reads.
  decode: (source, start, end) => deserialize(exclusiveBytes(source, start, end)),
} satisfies Codec<unknown>);

/**
 * Structured clone: keeps `Map`, `Set`, `Date`, `RegExp`, `Error`, typed arrays, bigints and
 * cycles. For Node peers only: no other language reads V8's format, and a Node much older than the
 * sender's may not, either. Several times slower than MessagePack.
 *
 * It differs from the global `structuredClone()` in two ways. Views of one `ArrayBuffer` arrive
 * with separate bytes (in an `ArrayBuffer` that has the whole message), and values that only Node
 * can clone are refused: `MessagePort`, `KeyObject`, `CryptoKey`, `FileHandle`. These and
 * functions, symbols, promises, proxies, `SharedArrayBuffer` and transferred memory are refused
 * with `InvalidArgumentError`, and so is a `WebAssembly.Module` as the payload; inside a payload
 * only the receiver refuses it, since V8 reports nothing. `send` throws an error of a getter
 * unchanged. As always with structured clones, an instance of a class arrives as a plain object of
 * its enumerable members (also a `Blob`, where Node does not refuse it).
 */
export function structuredCloneCodec<T = unknown>(): Codec<T> {
  return codec as Codec<T, unknown>;
}

function refusal(what: string, cause?: unknown): InvalidArgumentError {
  const line = what.split('\n', 1)[0];
  return new InvalidArgumentError(`payload cannot be cloned: ${line}`, { cause });
}

/** The methods that V8 calls for host objects; the type library has none of them. */
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
// Makes the errors. Node calls it with `new` and V8 without, so it cannot be a method.
Object.defineProperty(CloneSerializer.prototype, '_getDataCloneError', {
  value: function cloneError(message: string): InvalidArgumentError {
    return refusal(message);
  },
});

/** False in Bun, whose serializer is different. */
const canExtend = (() => {
  try {
    return new CloneSerializer() instanceof DefaultSerializer;
  } catch {
    return false;
  }
})();

/** The size of a header alone; every value is longer. */
const headerBytes = 2;

function serialized(value: unknown): Uint8Array {
  try {
    return canExtend ? serializedByNode(value) : serialize(value);
  } catch (error) {
    // From other runtimes; an error of the user's own getter passes unchanged.
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
  // V8 silently writes nothing for a WebAssembly.Module that cannot be shared.
  if (bytes.length === headerBytes) throw refusal('a WebAssembly.Module');
  return bytes;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
