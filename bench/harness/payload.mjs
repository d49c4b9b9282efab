// What the trials send, and how a receiver checks that it got it.

const PAGE = 4096;

/**
 * A function that makes the i-th message of a job. Bytes are one array sent again and again;
 * objects are made anew for each message, as a program would.
 * @param {{ params: { payload?: 'object', size?: number } }} job
 * @param {{ textual?: boolean }} link textual: the peer has no bytes; it gets a text of as many
 *   characters instead, which is the kinder choice (JSON would write each byte as a number)
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
 * How much of a job a message is: its length in bytes or characters, or 1 for an object whose
 * fields are all there. Reading it makes sure that lazily decoded payloads are decoded.
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
 * What all messages of a job weigh together.
 * @param {{ params: { payload?: 'object', size?: number } }} job
 * @param {number} count
 * @returns {number}
 */
export function expectedWeight({ params }, count) {
  return params.payload === 'object' ? count : count * params.size;
}

/** The length of a frame of which one byte of each page was read. */
function weighPages(bytes) {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += PAGE) sum += bytes[at];
  return sum < 0 ? 0 : bytes.length;
}
