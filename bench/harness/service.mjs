// What every peer of the trials `rpc` and `streams` serves: a method with a four-field object there
// and back, one with a large result, and one that streams.

/** Items that this process has made for its streams. */
export const made = { items: 0 };

const blocks = new Map();

/** Bytes that are not from Node's pool, which would be cloned whole; one array for each size. */
export function block(bytes) {
  let known = blocks.get(bytes);
  if (known === undefined) {
    known = new Uint8Array(bytes).fill(0x5a);
    blocks.set(bytes, known);
  }
  return known;
}

/** The i-th object that a caller sends; made for each call, as a program would. */
export function reading(i) {
  return { id: i, name: 'sensor-temperature', ts: 1_700_000_000_000 + i, flags: i & 0xff };
}

/** Answers with another object, of the same four fields. */
export function adjust({ id, name, ts, flags }) {
  return { id, name, ts, flags: flags ^ 1 };
}

/**
 * Checks answers by weight: each must fit together, and all of them must be there.
 * @returns {{ answered: (answer: any) => void, sum: () => number }} sum: of all numbers
 */
export function answerCheck() {
  let sum = 0;
  return {
    answered({ id, name, ts, flags }) {
      const fits =
        ts - id === 1_700_000_000_000 && flags === ((id & 0xff) ^ 1) && name.length === 18;
      if (!fits) throw new Error(`a wrong answer to call ${id}`);
      sum += id;
    },
    sum: () => sum,
  };
}

/** `count` items of so many bytes. */
export function* items(count, bytes) {
  const item = block(bytes);
  for (let i = 0; i < count; i++) {
    made.items++;
    yield item;
  }
}

/** The same as an async generator, for peers that take nothing else. */
export async function* itemsLater(count, bytes) {
  yield* items(count, bytes);
}
