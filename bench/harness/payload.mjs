// The payloads of the trials, and how a receiver checks that they arrived.

const PAGE = 4096;

/**
 * Sizes as real ones are, in bytes: 32 quantiles of the 8,149 files of this project's dependencies,
 * recorded in November 2026. Half of the messages have less than 1.2 KiB, and half of the bytes are
 * in one message of 32.
 */
const RECORDED = [
  35, 79, 121, 124, 145, 167, 201, 284, 369, 478, 582, 683, 779, 893, 1016, 1085, 1150, 1303, 1510,
  1744, 2075, 2511, 2972, 3663, 4528, 5381, 6580, 8682, 12_481, 19_491, 35_223, 115_983,
];
/** In an order in which large and small ones take turns. */
const MIXED = RECORDED.map((_, i) => RECORDED[(i * 13) % RECORDED.length]);

/**
 * A function that makes the i-th message of a job. Bytes are one array, sent repeatedly; an object
 * is made for each message, as a program would.
 * @param {{ params: { payload?: 'object' | 'mixed', size?: number } }} job
 * @param {{ textual?: boolean }} link textual: the peer cannot send bytes and gets a text with as
 * many characters, which favours it (JSON would write each byte as a number)
 * @returns {(i: number) => any}
 */
export function payloadMaker({ params }, link) {
  if (params.payload === 'object') return makeObject;
  if (params.payload === 'mixed') {
    const all = MIXED.map((size) =>
      link.textual ? 'z'.repeat(size) : new Uint8Array(size).fill(0x5a),
    );
    return (i) => all[i % all.length];
  }
  if (link.textual) {
    const text = 'z'.repeat(params.size);
    return () => text;
  }
  const bytes = new Uint8Array(params.size).fill(0x5a); // not from Node's pool, which would be cloned whole
  return () => bytes;
}

/** The four fields of the object trial. */
function makeObject(i) {
  return { id: i, name: 'sensor-temperature', ts: 1_700_000_000_000 + i, flags: i & 0xff };
}

/**
 * The weight of a message: its length in bytes or characters, or 1 for an object with all of its
 * fields. Reading it makes sure that lazily decoded payloads are decoded.
 * @param {{ params: { payload?: 'object' } }} job
 * @returns {(message: any) => number}
 */
export function payloadWeigher({ params }) {
  if (params.carry === 'object') return ({ objects }) => objects.length;
  if (params.touch === 'nothing') return (frame) => frame.size ?? frame.length;
  if (params.touch === 'pages') return (frame) => weighPages(frame.bytes ?? frame);
  if (params.payload !== 'object') return (message) => message.length;
  return (message) =>
    message.ts - message.id === 1_700_000_000_000 && message.name.length === 18 ? 1 : 0;
}

/**
 * The weight of all messages of a job together.
 * @param {{ params: { payload?: 'object', size?: number } }} job
 * @param {number} count
 * @returns {number}
 */
export function expectedWeight({ params }, count) {
  if (params.payload !== 'mixed') return params.payload === 'object' ? count : count * params.size;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += MIXED[i % MIXED.length];
  return sum;
}

/** The length of a frame, after reading one byte of each page. */
function weighPages(bytes) {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += PAGE) sum += bytes[at];
  return sum < 0 ? 0 : bytes.length;
}
