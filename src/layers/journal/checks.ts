// Checks of what programs pass to this layer. A refusal is an InvalidArgumentError that names the
// option, the value and the limit.
import { optionChecks } from '../../base/option-checks.js';
import { show } from '../../base/show.js';
import { InvalidArgumentError, type OutgoingMessage, type RawInit } from '../../index.js';
import { entryLimits } from './format.js';

/** A refusal of an option or argument. */
export function refused(text: string, option: string, limit?: number): InvalidArgumentError {
  return new InvalidArgumentError(text, { option, ...(limit === undefined ? {} : { limit }) });
}

export const { checkKeys, checkWhole, checkWord } = optionChecks(refused);

const byteUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Bytes as a number, or as a text like '10 GiB'. */
export function bytesOf(option: string, value: unknown, min: number, max: number): number {
  return checkWhole(option, quantity(option, value, byteUnits, "'10 GiB'"), min, max);
}

/** Milliseconds as a number, or as a text like '7 d'. */
export function durationOf(option: string, value: unknown): number {
  const duration = quantity(option, value, durationUnits, "'7 d'");
  return checkWhole(option, duration, 1, Number.MAX_SAFE_INTEGER);
}

function quantity(
  option: string,
  value: unknown,
  units: Readonly<Record<string, number>>,
  example: string,
): unknown {
  if (typeof value !== 'string') return value;
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(value) ?? [];
  if (digits === undefined || unit === undefined || !Object.hasOwn(units, unit)) {
    const known = Object.keys(units).join(', ');
    throw refused(
      `${option} is ${show(value)}; expected a number and a unit, as in ${example}, of ${known}`,
      option,
    );
  }
  return Math.round(Number(digits) * (units[unit] ?? 1));
}

/** Refuses anything except an AbortSignal or nothing. */
export function checkAbort(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  const { aborted, addEventListener } = Object(value) as Partial<AbortSignal>;
  if (typeof aborted === 'boolean' && typeof addEventListener === 'function') {
    return value as AbortSignal;
  }
  throw refused(`signal is ${show(value)}; expected an AbortSignal`, 'signal');
}

/** The label of a sender as a list of strings. */
export function labelOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const label: unknown[] = Array.isArray(value) ? value : [value];
  const { labelStrings, labelBytes } = entryLimits;
  let bytes = 0;
  for (const part of label) {
    if (typeof part !== 'string' || part === '') {
      throw refused(`label has ${show(part)}; expected strings that are not empty`, 'label');
    }
    bytes += 1 + Buffer.byteLength(part);
  }
  if (label.length > labelStrings || bytes > labelBytes) {
    throw refused(
      `label has ${label.length} strings of ${bytes} bytes; the limits are ${labelStrings} and ` +
        `${labelBytes}`,
      'label',
      labelBytes,
    );
  }
  return label as string[];
}

/** A short text as bytes. */
export function keyBytesOf(value: unknown): Uint8Array {
  if (typeof value !== 'string' || value === '') {
    throw refused(`key is ${show(value)}; expected a string that is not empty`, 'key');
  }
  const bytes = Buffer.from(value);
  if (bytes.length > entryLimits.keyBytes) {
    throw refused(
      `key is ${bytes.length} bytes long; the limit is ${entryLimits.keyBytes}`,
      'key',
      entryLimits.keyBytes,
    );
  }
  return bytes;
}

/** Metadata of a message. */
export function metadataOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length > entryLimits.metadataBytes) {
    const what = value instanceof Uint8Array ? `${value.length} bytes long` : show(value);
    throw refused(
      `metadata is ${what}; expected a Uint8Array of at most ${entryLimits.metadataBytes} bytes`,
      'metadata',
      entryLimits.metadataBytes,
    );
  }
  return value;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The UUID of a raw message, in lower case. */
export function typeIdOf({ typeId }: RawInit): string {
  if (typeof typeId === 'string' && uuid.test(typeId)) return typeId.toLowerCase();
  throw refused(`typeId is ${show(typeId)}; expected a UUID, as messageType(…).id is`, 'typeId');
}

/** Whether something is a message made by a message box. */
export function isOutgoing(value: OutgoingMessage | RawInit): value is OutgoingMessage {
  return typeof (value as OutgoingMessage).entry?.type?.codec?.encode === 'function';
}
