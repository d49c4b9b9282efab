// Reads the bodies of requests: JSON as a whole, or lines of JSON as they come. Size and time are
// limited, and the kind has to be named, so that no form of a web page passes for a call.
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Limits } from '../limits.js';
import { Refusal } from './refusal.js';

const jsonType = /^application\/json(?:\s*;\s*charset=(?:utf-8|"utf-8"))?$/i;
const linesType = /^application\/x-ndjson(?:\s*;\s*charset=(?:utf-8|"utf-8"))?$/i;

/** What a body has to be. */
export type BodyKind = 'json' | 'lines';

/** Checks what is known of a body before it is read. */
export function checkBody(request: IncomingMessage, kind: BodyKind, { bodyBytes }: Limits): void {
  const { headers } = request;
  const expected = kind === 'json' ? 'application/json' : 'application/x-ndjson';
  const type = kind === 'json' ? jsonType : linesType;
  if (!type.test(headers['content-type'] ?? '')) {
    throw new Refusal('UNSUPPORTED_MEDIA', `the content-type is not ${expected}`);
  }
  if (headers['content-encoding'] !== undefined) {
    throw new Refusal('UNSUPPORTED_MEDIA', 'the body has a content-encoding');
  }
  if (kind === 'json' && Number(headers['content-length'] ?? 0) > bodyBytes)
    throw tooLarge(bodyBytes);
}

function tooLarge(bytes: number): Refusal {
  return new Refusal('TOO_LARGE', `the body is larger than ${bytes} bytes`, {
    connection: 'close',
  });
}

function tooSlow(): Refusal {
  return new Refusal('TOO_SLOW', 'the body did not arrive in time', { connection: 'close' });
}

/** The bytes of a body. */
export function readBody(request: IncomingMessage, limits: Limits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let chunks: Buffer[] | undefined;
    let bytes = 0;
    const end = (error: Error) => {
      clearTimeout(timer);
      request.off('data', take);
      // What is left is not read: the connection closes behind the answer.
      request.pause();
      reject(error);
    };
    const timer = setTimeout(() => end(tooSlow()), limits.bodyTime);
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limits.bodyBytes) end(tooLarge(limits.bodyBytes));
      else if (first === undefined) first = chunk;
      else if (chunks === undefined) chunks = [first, chunk];
      else chunks.push(chunk);
    };
    request.on('data', take);
    request.once('end', () => {
      clearTimeout(timer);
      resolve(chunks === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(chunks));
    });
    request.once('close', () => end(new Refusal('BAD_REQUEST', 'the body was cut off')));
  });
}

/** The value of a text of JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) throw new Refusal('BAD_REQUEST', 'the body is no UTF-8');
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  } catch {
    throw new Refusal('BAD_REQUEST', 'the body is no JSON');
  }
}

/** The JSON of a body; `undefined` if that is empty. */
export async function readJson(request: IncomingMessage, limits: Limits): Promise<unknown> {
  checkBody(request, 'json', limits);
  const bytes = await readBody(request, limits);
  return bytes.length === 0 ? undefined : parseJson(bytes);
}

const newline = 10;

/**
 * The values of a body with one JSON in each line. A line may be as long as a whole body; the time
 * limit is between two pieces. What is not read is not waited for: the answer ends the connection.
 */
export async function* readLines(
  request: IncomingMessage,
  limits: Limits,
): AsyncGenerator<unknown> {
  checkBody(request, 'lines', limits);
  const { bodyBytes, bodyTime } = limits;
  const chunks = (request as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  for (;;) {
    const { done, value } = await within(bodyTime, chunks.next());
    if (done === true) break;
    rest = rest.length === 0 ? value : Buffer.concat([rest, value]);
    for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline)) {
      if (end > bodyBytes) throw tooLarge(bodyBytes);
      const line = rest.subarray(0, end);
      rest = rest.subarray(end + 1);
      if (!isBlank(line)) yield parseJson(line);
    }
    if (rest.length > bodyBytes) throw tooLarge(bodyBytes);
  }
  if (!isBlank(rest)) yield parseJson(rest);
}

// The time of the sender alone counts: what reads the lines may take its time.
function within<T>(milliseconds: number, next: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(tooSlow()), milliseconds);
    next.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 32 || byte === 13 || byte === 9);
}
