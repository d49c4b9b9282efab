// Sends that wait until a receiver has room. Sends with the same selector form a line, whose first
// one knows the full receiver that it waits for. When that receiver has room, the lines continue in
// the order of their calls.
import type { Selector } from '../selector/index.js';
import { Fifo } from './fifo.js';

/** One call of sendWhenReady(). */
export interface WaitingSend {
  readonly selector: Selector;
  /**
   * Tries to send. Returns the id of the full receiver, or `undefined` once the call has its
   * outcome.
   */
  readonly attempt: () => number | undefined;
  readonly reject: (error: Error) => void;
  /** The sequence number of the call; set when it begins. */
  call: number;
}

interface Line {
  readonly selector: Selector;
  /** In the order of the calls. */
  readonly sends: Fifo<WaitingSend>;
  /** Id of the full receiver. */
  peerId: number;
}

/** The waiting sends of one endpoint. */
export class WaitingSends {
  readonly #lines = new Map<Selector, Line>();
  readonly #byPeer = new Map<number, Set<Line>>();
  #calls = 0;

  /** Whether sends with this selector wait. */
  has(selector: Selector): boolean {
    return this.#lines.has(selector);
  }

  /**
   * Sends, or waits behind earlier sends with the same selector. `full` is the receiver because of
   * which the caller's own attempt has failed just now.
   */
  begin(send: WaitingSend, full?: number): void {
    send.call = this.#calls++;
    const ahead = this.#lines.get(send.selector);
    const peerId = ahead === undefined ? (full ?? send.attempt()) : ahead.peerId;
    if (peerId === undefined) return;
    const line = this.#lines.get(send.selector) ?? this.#open(send.selector, peerId);
    line.sends.push(send);
  }

  /** Cancels a waiting send. */
  cancel(send: WaitingSend): void {
    const line = this.#lines.get(send.selector);
    if (line?.sends.remove(send)) this.#closeIfEmpty(line);
  }

  /** The receiver has room, or is gone. At most one attempt per line fails. */
  hasRoom(peerId: number): void {
    const lines = this.#byPeer.get(peerId);
    if (lines === undefined) return;
    // The last one continues first.
    const order = [...lines].sort((a, b) => callOf(b) - callOf(a));
    for (let line = order.pop(); line !== undefined; line = order.pop()) {
      // An attempt encodes, which can run any user code: a close(), or another send.
      if (!lines.has(line)) continue;
      const full = this.#attemptFirst(line);
      if (full === peerId) return;
      if (full !== undefined) this.#move(line, full);
      else if (lines.has(line)) order.splice(placeOf(line, order), 0, line);
    }
  }

  /** Rejects all: nothing will be sent any more. */
  rejectAll(error: Error): void {
    const lines = [...this.#lines.values()];
    this.#lines.clear();
    this.#byPeer.clear();
    for (const { sends } of lines) {
      for (const send of sends.clear()) send.reject(error);
    }
  }

  #attemptFirst(line: Line): number | undefined {
    const { first } = line.sends;
    const full = first?.attempt();
    if (first !== undefined && full === undefined) this.cancel(first);
    return full;
  }

  #open(selector: Selector, peerId: number): Line {
    const line: Line = { selector, sends: new Fifo(), peerId };
    this.#lines.set(selector, line);
    this.#add(line);
    return line;
  }

  #closeIfEmpty(line: Line): void {
    if (line.sends.size > 0) return;
    this.#lines.delete(line.selector);
    this.#remove(line);
  }

  #move(line: Line, peerId: number): void {
    if (line.sends.size === 0) return;
    this.#remove(line);
    line.peerId = peerId;
    this.#add(line);
  }

  #add(line: Line): void {
    const lines = this.#byPeer.get(line.peerId);
    if (lines === undefined) this.#byPeer.set(line.peerId, new Set([line]));
    else lines.add(line);
  }

  #remove(line: Line): void {
    const lines = this.#byPeer.get(line.peerId);
    if (lines?.delete(line) && lines.size === 0) this.#byPeer.delete(line.peerId);
  }
}

/** The sequence number of the first call in the line. */
function callOf(line: Line): number {
  return line.sends.first?.call ?? 0;
}

/** The index for the line in `order`, whose last element continues first. */
function placeOf(line: Line, order: readonly Line[]): number {
  const call = callOf(line);
  let from = 0;
  let to = order.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (callOf(order[middle] as Line) > call) from = middle + 1;
    else to = middle;
  }
  return from;
}
