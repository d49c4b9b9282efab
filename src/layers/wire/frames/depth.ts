// How deep a payload is nested, before anything recursive looks into it.

/** Whether a payload of MessagePack is nested deeper than `limit`; false if it is malformed. */
export function isPackTooDeep(bytes: Uint8Array, limit: number): boolean {
  // Each level takes at least a byte.
  if (bytes.length <= limit) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // The values that each open list or map still lacks.
  const open: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const token = bytes[at++] as number;
    const { skipped, values } = partsOf(token, view, at);
    at += skipped;
    if (open.length > 0) open[open.length - 1] = (open.at(-1) as number) - 1;
    if (values > 0) {
      open.push(values);
      if (open.length > limit) return true;
    }
    while (open.at(-1) === 0) open.pop();
    if (open.length === 0) return false;
  }
  return false;
}

interface Parts {
  /** Bytes behind the token that are no values. */
  readonly skipped: number;
  /** Values that follow these. */
  readonly values: number;
}

const alone: Parts = { skipped: 0, values: 0 };

/** Bytes behind the tokens of numbers and of extensions of one size, from 0xca and 0xd4 on. */
const fixed = new Map<number, number>([
  ...[4, 8, 1, 2, 4, 8, 1, 2, 4, 8].map((bytes, index) => [0xca + index, bytes] as const),
  ...[2, 3, 5, 9, 17].map((bytes, index) => [0xd4 + index, bytes] as const),
]);

function partsOf(token: number, view: DataView, at: number): Parts {
  if (token < 0x80 || token >= 0xe0 || (token >= 0xc0 && token < 0xc4)) return alone;
  if (token < 0x90) return { skipped: 0, values: 2 * (token & 0x0f) };
  if (token < 0xa0) return { skipped: 0, values: token & 0x0f };
  if (token < 0xc0) return { skipped: token & 0x1f, values: 0 };
  const size = fixed.get(token);
  if (size !== undefined) return { skipped: size, values: 0 };
  if (token < 0xc7) return sized(view, at, token - 0xc4, 0);
  if (token < 0xca) return sized(view, at, token - 0xc7, 1);
  if (token < 0xdc) return sized(view, at, token - 0xd9, 0);
  const isMap = token >= 0xde;
  const bytes = (token & 1) === 0 ? 2 : 4;
  const length = lengthAt(view, at, bytes);
  return { skipped: bytes, values: isMap ? 2 * length : length };
}

function sized(view: DataView, at: number, size: number, more: number): Parts {
  const bytes = 1 << size;
  return { skipped: bytes + more + lengthAt(view, at, bytes), values: 0 };
}

// 0 where the bytes end: the walk ends, too.
function lengthAt(view: DataView, at: number, bytes: number): number {
  if (at + bytes > view.byteLength) return 0;
  if (bytes === 1) return view.getUint8(at);
  return bytes === 2 ? view.getUint16(at) : view.getUint32(at);
}

/** Whether a payload of JSON is nested deeper than `limit`. */
export function isJsonTooDeep(bytes: Uint8Array, limit: number): boolean {
  if (bytes.length <= limit) return false;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inText) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) inText = false;
    } else if (byte === 0x22) {
      inText = true;
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > limit) return true;
    } else if (byte === 0x5d || byte === 0x7d) {
      depth--;
    }
  }
  return false;
}
