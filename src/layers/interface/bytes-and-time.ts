// Compiled schemas of bytes, moments and durations, whose JSON is text.
import { show } from '../../base/show.js';
import { type Node, Refused } from './node.js';
import { packedBytes } from './packings.js';

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

function checkBytes(value: unknown): Uint8Array {
  if (ArrayBuffer.isView(value) && value instanceof Uint8Array) return value;
  // Of another realm.
  if (
    Object.prototype.toString.call(value) !== '[object Uint8Array]' ||
    !ArrayBuffer.isView(value)
  ) {
    throw new Refused(`is ${show(value)}; expected a Uint8Array`);
  }
  return value as Uint8Array;
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 0x2000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
  }
  return btoa(binary);
}

/** Byte arrays: bin in MessagePack, base64 in JSON. */
export const bytes: Node = {
  encode: (value, walk) => (walk.json ? toBase64(checkBytes(value)) : checkBytes(value)),
  decode(wire, walk) {
    if (!walk.json) return checkBytes(wire);
    if (typeof wire !== 'string' || !base64.test(wire)) {
      throw new Refused(`is ${show(wire)}; expected base64`);
    }
    return Uint8Array.from(atob(wire), (character) => character.charCodeAt(0));
  },
  packing: packedBytes,
};

// The years 0000 to 9999, all that RFC 3339 can write.
const minTime = new Date('0000-01-01T00:00:00.000Z').getTime();
const maxTime = new Date('9999-12-31T23:59:59.999Z').getTime();
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

function checkTime(value: unknown): Date {
  if (Object.prototype.toString.call(value) !== '[object Date]') {
    throw new Refused(`is ${show(value)}; expected a Date`);
  }
  const time = (value as Date).getTime();
  if (Number.isNaN(time)) throw new Refused('is an invalid Date');
  if (time < minTime || time > maxTime) throw new Refused('is not in the years 0 to 9999');
  return value as Date;
}

/** Moments: a timestamp in MessagePack, RFC 3339 in JSON. */
export const time: Node = {
  encode: (value, walk) => (walk.json ? checkTime(value).toISOString() : checkTime(value)),
  decode(wire, walk) {
    if (!walk.json) return checkTime(wire);
    if (typeof wire !== 'string' || !rfc3339.test(wire)) {
      throw new Refused(`is ${show(wire)}; expected a time as in RFC 3339`);
    }
    return checkTime(new Date(wire));
  },
};

const nanoseconds = 1_000_000;
/** Milliseconds that 63 bits of nanoseconds hold: 292 years. */
const maxDuration = 2 ** 63 / nanoseconds;

function checkDuration(value: unknown): number {
  if (typeof value !== 'number' || !(Math.abs(value) < maxDuration)) {
    throw new Refused(`is ${show(value)}; expected a number of milliseconds, up to 292 years`);
  }
  return value;
}

// Whole milliseconds and the rest apart, because their product has more digits than a number.
function toNanoseconds(milliseconds: number): bigint {
  const whole = Math.trunc(milliseconds);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((milliseconds - whole) * nanoseconds));
}

function toMilliseconds(count: bigint): number {
  const whole = Number(count / 1_000_000n);
  return whole + Number(count % 1_000_000n) / nanoseconds;
}

function durationText(count: bigint): string {
  const size = count < 0n ? -count : count;
  const rest = (size % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  return `${count < 0n ? '-' : ''}PT${size / 1_000_000_000n}${rest === '' ? '' : `.${rest}`}S`;
}

const iso8601 =
  /^(-?)P(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,11})(?:\.(\d{1,9}))?S)?)?$/;

function durationOf(text: string): bigint | undefined {
  const parts = iso8601.exec(text);
  if (parts === null || /[PT]$/.test(text)) return undefined;
  const [, sign, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = ''] = parts;
  const whole =
    (BigInt(days) * 24n + BigInt(hours)) * 3600n + BigInt(minutes) * 60n + BigInt(seconds);
  const count = whole * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  return sign === '-' ? -count : count;
}

/** Durations: 64-bit nanoseconds in MessagePack, ISO 8601 in JSON. */
export const duration: Node = {
  encode(value, walk) {
    const count = toNanoseconds(checkDuration(value));
    return walk.json ? durationText(count) : count;
  },
  decode(wire, walk) {
    let count: bigint | undefined;
    if (walk.json) count = typeof wire === 'string' ? durationOf(wire) : undefined;
    else if (typeof wire === 'bigint') count = wire;
    else if (Number.isSafeInteger(wire)) count = BigInt(wire as number);
    if (count === undefined) {
      const expected = walk.json ? 'a duration as in ISO 8601' : 'nanoseconds, an integer';
      throw new Refused(`is ${show(wire)}; expected ${expected}`);
    }
    return checkDuration(toMilliseconds(count));
  },
};
