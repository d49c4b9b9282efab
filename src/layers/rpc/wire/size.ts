// An estimate of the bytes that a value takes, for limits and for the credit of streams where a
// port does not encode values itself. It reads a value that is already plain.

/** Deep enough for every value that the layer sends; deeper ones count as this deep. */
const maxDepth = 64;

/** Roughly the bytes of `value` as MessagePack. */
export function sizeOf(value: unknown, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return value.length + 3;
    case 'number':
    case 'bigint':
      return 9;
    case 'object':
      return value === null ? 1 : depth > maxDepth ? 1 : sizeOfObject(value, depth + 1);
    default:
      return 1;
  }
}

function sizeOfObject(value: object, depth: number): number {
  if (ArrayBuffer.isView(value)) return value.byteLength + 5;
  let size = 3;
  if (Array.isArray(value)) {
    for (const each of value) size += sizeOf(each, depth);
    return size;
  }
  for (const key of Object.keys(value)) {
    size += key.length + 1 + sizeOf((value as Record<string, unknown>)[key], depth);
  }
  return size;
}
