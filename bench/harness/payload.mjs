// The payloads of the trials, and how a receiver checks that they arrived.

const PAGE = 4096;

/**
 * A function that makes the i-th message of a job. Bytes are one array, sent repeatedly; an object
 * is made for each message, as a program would.
 * @param {{ params: { payload?: 'object', size?: number } }} job
 * @param {{ textual?: boolean }} link textual: the peer cannot send bytes and gets a text with as
 * many characters, which favours it (JSON would write each byte as a number)
 * @returns {(i: number) => any}
 */
export function payloadMaker({ params }, link) {
  if (params.payload === 'object') return makeObject;
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
  return params.payload === 'object' ? count : count * params.size;
}

/** The length of a frame, after reading one byte of each page. */
function weighPages(bytes) {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += PAGE) sum += bytes[at];
  return sum < 0 ? 0 : bytes.length;
}
