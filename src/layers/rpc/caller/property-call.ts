// Getting and setting a property.
import { closeFrame } from '../coding.js';
import type { IncomingFrame } from '../port.js';
import { codecNumber, codecOf, memberKind } from '../wire/format.js';
import { versionOfWire } from '../wire/version.js';
import { UnaryCall } from './unary-call.js';

/** The value of a property with its version. */
export interface Versioned<T = unknown> {
  /** The value, checked against the interface. */
  readonly value: T;
  /** Grows with each value of this server; values of another server have other versions. */
  readonly version: number;
}

/** A request about a property. */
export class PropertyCall extends UnaryCall {
  protected override decodeResult(frame: IncomingFrame): unknown {
    const { kind, member } = this.request;
    if (kind === memberKind.call) return readVersioned(member.args, frame);
    const { version } = mapOf(frame);
    return versionOf(version);
  }
}

/** The value of a property in a frame; throws if it is wrong. */
export function readVersioned(
  shape: import('../members.js').Member['args'],
  frame: IncomingFrame,
): Versioned {
  const { value, version } = mapOf(frame);
  const codec = codecOf(frame.format) === codecNumber.json ? 'json' : 'messagepack';
  return { value: shape?.decode(value, undefined, codec), version: versionOf(version) };
}

function mapOf(frame: IncomingFrame): { readonly value?: unknown; readonly version?: unknown } {
  closeFrame(frame);
  const wire = frame.read();
  if (typeof wire !== 'object' || wire === null) throw new TypeError('expected { value, version }');
  return wire;
}

function versionOf(wire: unknown): number {
  const version = versionOfWire(wire);
  if (version !== undefined) return version;
  throw new TypeError('the version is no integer');
}
