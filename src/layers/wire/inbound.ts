// What the other side of a wire has under way here: its calls, their bytes, its streams. Beyond a
// limit a call is refused before anything of it runs.
import { answerKind, flag, kindOf, memberKind, readMetadata } from '../rpc/entry-port.js';
import type { Limits } from './limits.js';
import type { WireFrame } from './wire-frame.js';

interface Open {
  readonly bytes: number;
  readonly streams: boolean;
}

/** The calls of one peer. */
export class Inbound {
  readonly #limits: Limits;
  readonly #calls = new Map<number, Open>();
  #bytes = 0;
  #streams = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** How many calls are under way. */
  get size(): number {
    return this.#calls.size;
  }

  /** Whether a call of this number is under way. */
  has(id: number): boolean {
    return this.#calls.has(id);
  }

  /** Counts a call; returns false if it is one too many. */
  admit({ id, size, metadata, format }: WireFrame): boolean {
    const { calls, bytes, streams } = this.#limits;
    if (this.#calls.size >= calls || this.#bytes + size > bytes) return false;
    const isStream = metadata !== undefined && streamsIn(metadata);
    if (isStream && this.#streams >= streams) return false;
    // A subscription has no payload that is kept.
    const held = kindOf(format) === memberKind.subscribe ? 0 : size;
    this.#calls.set(id, { bytes: held, streams: isStream });
    this.#bytes += held;
    if (isStream) this.#streams++;
    return true;
  }

  /** Sees an answer that is sent to the peer. */
  answered(call: number, format: number): void {
    if ((format & flag.fromCaller) !== 0) return;
    const kind = kindOf(format);
    if (kind === answerKind.forgotten) {
      this.#calls.clear();
      this.#bytes = 0;
      this.#streams = 0;
    } else if (ends.has(kind)) {
      this.#remove(call);
    }
  }

  /** Sees a frame of the peer about a call of its own. */
  told(call: number, format: number): void {
    if ((format & flag.fromCaller) !== 0 && kindOf(format) === answerKind.cancel) {
      this.#remove(call);
    }
  }

  #remove(call: number): void {
    const open = this.#calls.get(call);
    if (open === undefined) return;
    this.#calls.delete(call);
    this.#bytes -= open.bytes;
    if (open.streams) this.#streams--;
  }
}

/** The kinds of answers after which a call is over. */
export const ends: ReadonlySet<number> = new Set([
  answerKind.result,
  answerKind.error,
  answerKind.busy,
  answerKind.end,
]);

// A call with credit asks for a stream. Metadata that cannot be read is refused by the server.
function streamsIn(metadata: Uint8Array): boolean {
  try {
    return readMetadata(metadata).creditItems > 0;
  } catch {
    return false;
  }
}
