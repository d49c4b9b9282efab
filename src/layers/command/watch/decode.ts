// Decodes payloads of types that nobody here knows: as the format word of the rpc layer says, else as
// MessagePack, JSON or text, whichever the bytes are, else as bytes.
import { bytes, codecs, text } from '../../../index.js';

/** How a payload was read. */
export type Encoding = 'messagepack' | 'json' | 'text' | 'bytes' | 'cut' | 'none';

/** A payload as a value. */
export interface Decoded {
  readonly value: unknown;
  readonly encoding: Encoding;
}

const messagePack = codecs.messagePack();
const json = codecs.json();
const printable = /^[\P{C}\t\n\r]*$/u;

/** The value of a payload. */
export function guessed(payload: Uint8Array, typeId: string): Decoded {
  if (payload.length === 0) return { value: undefined, encoding: 'none' };
  if (typeId === bytes.id) return { value: payload, encoding: 'bytes' };
  if (typeId === text.id) return textOf(payload) ?? { value: payload, encoding: 'bytes' };
  // JSON first where it can be nothing else: '{' and '[' are small numbers in MessagePack.
  const [first] = payload;
  const attempts =
    first === 0x7b || first === 0x5b ? [asJson, asMessagePack] : [asMessagePack, asJson];
  for (const attempt of attempts) {
    const found = attempt(payload);
    if (found !== undefined) return found;
  }
  return textOf(payload) ?? { value: payload, encoding: 'bytes' };
}

/** The value of a payload whose format word names its codec: one of the rpc layer. */
export function byFormat(payload: Uint8Array, typeId: string, format: number): Decoded {
  if (payload.length === 0) return { value: undefined, encoding: 'none' };
  switch ((format >> 4) & 0xf) {
    case 0:
      return asMessagePack(payload) ?? { value: payload, encoding: 'bytes' };
    case 1:
      return asJson(payload) ?? { value: payload, encoding: 'bytes' };
    case 2:
      return { value: payload, encoding: 'bytes' };
    default:
      return guessed(payload, typeId);
  }
}

function asMessagePack(payload: Uint8Array): Decoded | undefined {
  return attempt(() => ({
    value: messagePack.decode(payload, 0, payload.length, 0),
    encoding: 'messagepack',
  }));
}

function asJson(payload: Uint8Array): Decoded | undefined {
  return attempt(() => ({ value: json.decode(payload, 0, payload.length, 0), encoding: 'json' }));
}

function textOf(payload: Uint8Array): Decoded | undefined {
  return attempt(() => {
    const value = codecs.text.decode(payload, 0, payload.length, 0);
    return printable.test(value) ? { value, encoding: 'text' } : undefined;
  });
}

function attempt(read: () => Decoded | undefined): Decoded | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
