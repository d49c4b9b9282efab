// Replaces the byte arrays in a value by Buffers over the same memory, for message-pack.ts.

/**
 * `value` itself if there is no Uint8Array in it that is not a Buffer, else a copy of as much of it as
 * needed. Looks into plain objects, arrays, maps, sets and what `toJSON()` returns.
 */
export function bytesAsBuffers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) {
    if (Buffer.isBuffer(value) || value instanceof Uint8ClampedArray) return value;
    return Buffer.from(value.buffer, value.byteOffset, value.length);
  }
  if (Array.isArray(value)) return convertedArray(value);
  if (value instanceof Map) return convertedMap(value);
  if (value instanceof Set) {
    const members = [...value];
    const converted = convertedArray(members);
    return converted === members ? value : new Set(converted);
  }
  if (isWrittenOtherwise(value)) return value;
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const json: unknown = value.toJSON();
    return json === value ? convertedObject(value) : bytesAsBuffers(json);
  }
  return convertedObject(value);
}

function isWrittenOtherwise(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer ||
    value instanceof Date ||
    value instanceof RegExp ||
    value instanceof Error
  );
}

function convertedArray(values: readonly unknown[]): readonly unknown[] {
  let converted: unknown[] | undefined;
  for (const [index, value] of values.entries()) {
    const replacement = bytesAsBuffers(value);
    if (replacement === value) continue;
    converted ??= [...values];
    converted[index] = replacement;
  }
  return converted ?? values;
}

function convertedMap(map: Map<unknown, unknown>): Map<unknown, unknown> {
  let converted: Map<unknown, unknown> | undefined;
  for (const [key, value] of map) {
    const replacement = bytesAsBuffers(value);
    if (replacement === value) continue;
    converted ??= new Map(map);
    converted.set(key, replacement);
  }
  return converted ?? map;
}

function convertedObject(object: object): object {
  let converted: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(object)) {
    const replacement = bytesAsBuffers(value);
    if (replacement === value) continue;
    converted ??= { ...object };
    converted[key] = replacement;
  }
  return converted ?? object;
}
