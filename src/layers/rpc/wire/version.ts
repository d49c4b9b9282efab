// Versions of properties as payloads have them. They have more than 32 bits, and a number of that
// size would travel as a double, which is no integer to a reader with types.
import { codecNumber } from './format.js';

/** A version in a payload. */
export function versionToWire(version: number, codec: number): number | bigint {
  return codec === codecNumber.json ? version : BigInt(version);
}

/** The version in a payload; `undefined` if it is none. */
export function versionOfWire(wire: unknown): number | undefined {
  const version = typeof wire === 'bigint' ? Number(wire) : wire;
  return Number.isSafeInteger(version) ? (version as number) : undefined;
}
