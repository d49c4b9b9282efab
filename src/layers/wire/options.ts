// The options of wires, and their checks.
import type { Carrier } from './carrier.js';
import { CobsCarrier } from './carriers/cobs.js';
import { optionError, type WireError } from './errors.js';
import type { Framing } from './framing/framing.js';
import { lengthFraming } from './framing/length.js';
import { linesFraming } from './framing/lines.js';
import { messageFraming } from './framing/messages.js';
import { limitsOf, type WireLimits } from './limits.js';
import type { WireSettings } from './wire.js';

/** What happened to a wire. */
export interface WireEvent {
  /**
   * `'opened'`: its handshake is done. `'refused'`: that failed. `'closed'`: it is over.
   * `'corrupted'`: bytes changed on the way; they were found out, and sent again.
   */
  readonly change: 'opened' | 'refused' | 'closed' | 'corrupted';
  /** The number of the other side, as `call.from.id` has it. */
  readonly peer: number;
  /** What the wire runs over: `tcp 127.0.0.1:4711`. */
  readonly name: string;
  /** Why, unless it was opened. */
  readonly error?: WireError | undefined;
}

/** Options of a wire, for either side. */
export interface WireOptions {
  /**
   * What the side that connects has to know. The serving side closes a wire with another one as
   * `WIRE_TOKEN`, before it tells anything about itself. Bytes are not encrypted: use TLS where
   * others can read them. Default: none.
   */
  readonly token?: string | undefined;
  /** What the other side may use up. */
  readonly limits?: WireLimits | undefined;
  /**
   * How frames lie in the bytes; both sides need the same. `'length'` is for what loses nothing;
   * `'cobs'` for lines that err, such as a serial one: bytes that changed are found out and sent
   * again; `'lines'` is text, one JSON a line. Default: `'length'`; over a WebSocket always one
   * frame a message.
   */
  readonly framing?: 'length' | 'cobs' | 'lines' | undefined;
  /**
   * Milliseconds after which an idle peer is asked whether it is there; after as many without an
   * answer the wire ends as `WIRE_SILENT`. 0 for never. Default: 30,000 over a network, else 0.
   */
  readonly keepAlive?: number | undefined;
  /** This side only answers: `call.client()` finds nobody, and answers are ignored. Default: false. */
  readonly answerOnly?: boolean | undefined;
  /**
   * The line carries one direction at a time, so the sides take turns: milliseconds that one with
   * nothing to send waits for something before it gives its turn away. Both sides need it. Default:
   * 0, both directions at once.
   */
  readonly turn?: number | undefined;
  /** Called with each change of a wire. */
  readonly onWire?: ((event: WireEvent) => void) | undefined;
}

const names = ['token', 'limits', 'framing', 'keepAlive', 'answerOnly', 'turn', 'onWire'];
const maxMilliseconds = 0x7fff_ffff;
const networkKeepAlive = 30_000;

/** The options of the wire among `given`, and the others. */
export function splitOptions(
  given: object,
  more: readonly string[] = [],
): { readonly wire: WireOptions & Readonly<Record<string, unknown>>; readonly rest: object } {
  if (typeof given !== 'object' || given === null) {
    throw optionError(`the options are ${String(given)}; expected an object`);
  }
  const entries = Object.entries(given);
  const isOfWire = ([name]: readonly [string, unknown]) =>
    names.includes(name) || more.includes(name);
  return {
    wire: Object.fromEntries(entries.filter(isOfWire)),
    rest: Object.fromEntries(entries.filter((entry) => !isOfWire(entry))),
  };
}

/** What a wire over a carrier is like. */
export type SettingsFor = (carrier: Carrier) => WireSettings;

/**
 * Checks the options.
 * @throws WireError `WIRE_OPTION`.
 */
export function settingsOf(side: 'connect' | 'serve', options: WireOptions): SettingsFor {
  const { token, framing = 'length', answerOnly = false, turn = 0, keepAlive, onWire } = options;
  const limits = limitsOf(options.limits);
  if (token !== undefined && (typeof token !== 'string' || token === '' || token.length > 4096)) {
    throw optionError('token is no text of 1 to 4,096 characters');
  }
  if (!Object.hasOwn(framings, framing)) {
    throw optionError(`framing is ${String(framing)}; expected 'length', 'cobs' or 'lines'`);
  }
  if (typeof answerOnly !== 'boolean') {
    throw optionError(`answerOnly is ${String(answerOnly)}; expected true or false`);
  }
  checkMilliseconds('turn', turn);
  if (turn > 0 && framing === 'cobs') throw optionError("turn does not go with framing 'cobs'");
  if (keepAlive !== undefined) checkMilliseconds('keepAlive', keepAlive);
  if (onWire !== undefined && typeof onWire !== 'function')
    throw optionError('onWire is no function');
  return ({ keepsMessages = false, canVanish = false }) => {
    // A WebSocket loses nothing, and keeps frames apart by itself.
    const errs = framing === 'cobs' && !keepsMessages;
    const vanishes = canVanish || errs;
    return {
      side,
      token,
      limits,
      framing: keepsMessages || errs ? messageFraming : framings[framing](),
      through: (carrier) => (errs ? new CobsCarrier(carrier, limits.frameBytes) : carrier),
      keepAlive: keepAlive ?? (vanishes ? networkKeepAlive : 0),
      answerOnly,
      turn,
    };
  };
}

const framings: Readonly<Record<'length' | 'cobs' | 'lines', () => Framing>> = {
  length: () => lengthFraming,
  cobs: () => messageFraming,
  lines: () => linesFraming,
};

function checkMilliseconds(name: string, value: unknown): void {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maxMilliseconds)
    return;
  throw optionError(`${name} is ${String(value)}; expected milliseconds up to ${maxMilliseconds}`);
}
