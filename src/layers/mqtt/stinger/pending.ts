// Requests to Stinger's servers that wait for their answers, found by their correlation data.
import { randomUUID } from 'node:crypto';
import { clearTimeout, PassedOn, setTimeout } from '../../rpc/entry-port.js';
import type { ArrivedMessage } from '../message.js';

interface Pending {
  readonly instance: string;
  resolve(answer: ArrivedMessage): void;
  reject(error: PassedOn): void;
}

/** Milliseconds after which an answer is waited for no more, where the caller has no deadline. */
const longest = 0x7fff_ffff;

/** The requests of one interface. */
export class PendingRequests {
  readonly #pending = new Map<string, Pending>();

  /** How many there are. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Waits for an answer. `send` publishes with this correlation data and resolves with whether that was
   * confirmed. Rejects with what a caller on the bus gets: `DEADLINE`, `CANCELLED`, `PEER_GONE` when
   * the instance is gone, `NO_RECIPIENT` if the request was surely not sent.
   */
  async request(
    instance: string,
    timeout: number,
    signal: AbortSignal,
    send: (correlation: Uint8Array) => Promise<boolean>,
  ): Promise<ArrivedMessage> {
    const correlation = randomUUID();
    const answer = new Promise<ArrivedMessage>((resolve, reject) => {
      this.#pending.set(correlation, { instance, resolve, reject });
    });
    const fail = (code: 'DEADLINE' | 'CANCELLED' | 'NO_RECIPIENT', text: string) =>
      this.#pending.get(correlation)?.reject(new PassedOn(code, text));
    const late = () => fail('DEADLINE', 'the Stinger server did not answer in time');
    const timer = setTimeout(late, Math.min(timeout, longest));
    const aborted = () => fail('CANCELLED', 'the caller waits no more');
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    void send(Buffer.from(correlation)).then((sent) => {
      if (!sent) fail('NO_RECIPIENT', 'there is no connection with the broker');
    });
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      this.#pending.delete(correlation);
    }
  }

  /** An answer came. Returns whether anybody waits for it. */
  answered(message: ArrivedMessage): boolean {
    const { correlation } = message;
    // A UUID in text, as of this bridge; more is none of ours.
    if (correlation === undefined || correlation.length !== 36) return false;
    const pending = this.#pending.get(Buffer.from(correlation).toString('latin1'));
    pending?.resolve(message);
    return pending !== undefined;
  }

  /** An instance is gone, or all of them with the connection. */
  gone(text: string, instance?: string): void {
    for (const pending of this.#pending.values()) {
      if (instance === undefined || pending.instance === instance) {
        pending.reject(new PassedOn('PEER_GONE', text));
      }
    }
  }
}
