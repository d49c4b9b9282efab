// Recording: what members send to each other, into a journal. By an observer, so that nobody waits
// for it; what it is too slow for is counted exactly.
import { EventEmitter } from 'node:events';
import {
  type Observation,
  type ObserveOptions,
  type Observer,
  observe,
  type Peer,
  QueueFullError,
  type SentObservation,
} from '../../index.js';
import type { Bus } from '../rpc/index.js';
import { checkKeys } from './checks.js';
import { throwIfAborted } from './folder-changes.js';
import type { Journal } from './journal.js';

/** Options of {@link record}. */
export interface RecordOptions
  extends Pick<ObserveOptions, 'match' | 'types' | 'payloadBytes' | 'label' | 'signal'> {}

/** Observations of one sender that a recording lost. */
export interface LossEvent {
  /** The endpoint whose messages are missing. */
  readonly from: Peer;
  /** How many are missing between the entry before and the next one of this sender. */
  readonly count: number;
}

/** The events of a recording, for `on`, `once` and `off`. */
export interface RecordingEvents {
  /** Messages were not recorded because this process was too slow. */
  lost: [event: LossEvent];
}

const names = ['match', 'types', 'payloadBytes', 'label', 'signal'];

/** The most that an observer copies of a payload. */
const mostBytes = 49_152;

/** A recording under way, made by {@link record}. */
export class Recording extends EventEmitter<RecordingEvents> implements AsyncDisposable {
  readonly #observer: Observer;
  readonly #journal: Journal;
  readonly #payloadBytes: number;
  #recorded = 0;
  #lost = 0;
  #tooLarge = 0;
  #closing = false;
  /**
   * Resolves when the recording has ended by `close` or its signal and all of it is written; rejects
   * if the journal cannot be written, or the bus has expelled the observer.
   */
  readonly done: Promise<void>;

  /** @internal */
  constructor(observer: Observer, journal: Journal, payloadBytes: number) {
    super();
    this.#observer = observer;
    this.#journal = journal;
    this.#payloadBytes = payloadBytes;
    this.done = this.#run();
    // Whoever closes it hears of a failure.
    this.done.catch(() => undefined);
  }

  /** Messages that are in the journal, or on their way into it. */
  get recorded(): number {
    return this.#recorded;
  }

  /** Messages that are missing because this process was too slow: the exact number. */
  get lost(): number {
    return this.#lost;
  }

  /** Messages that are missing because their payload is larger than `payloadBytes`. */
  get tooLarge(): number {
    return this.#tooLarge;
  }

  /**
   * Ends the recording; resolves when all of it is as safe as the `durability` of the journal says.
   * The journal stays open.
   * @throws As {@link done}.
   */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#observer.close();
    await this.done;
  }

  /** Closes, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    let failure: Error | undefined;
    this.#observer.once('close', (error) => {
      failure = error;
    });
    try {
      for await (const seen of this.#observer) {
        // What was observed before the end is recorded, too, but nothing after a failed journal.
        await this.#take(seen);
      }
      await this.#journal.settled();
    } finally {
      await this.#observer.close();
    }
    if (failure !== undefined && !this.#closing) throw failure;
  }

  #take(seen: Observation): Promise<void> | undefined {
    if (seen.kind === 'lost') {
      const { from, count } = seen;
      this.#lost += count;
      this.emit('lost', { from, count });
      return undefined;
    }
    // One that goes to another receiver is in the journal already.
    if (seen.kind === 'undelivered' || seen.again) return undefined;
    if (seen.bytes > this.#payloadBytes) {
      this.#tooLarge++;
      return undefined;
    }
    try {
      this.#write(seen);
      return undefined;
    } catch (error) {
      if (!(error instanceof QueueFullError)) throw error;
      return this.#journal.drained().then(() => this.#write(seen));
    }
  }

  #write(seen: SentObservation): void {
    const { typeId, format, payload: bytes, from, id, replyTo, metadata, time } = seen;
    const facts = { label: from.label, peerId: from.id, id, time };
    this.#journal.write(
      { typeId, format, bytes },
      {
        ...facts,
        ...(replyTo === undefined ? {} : { replyTo }),
        ...(metadata === undefined ? {} : { metadata }),
      },
    );
    this.#recorded++;
  }
}

/**
 * Records what members of a bus send to each other, chosen by `match` and `types` as for `observe`,
 * into a journal, with sender, label, number, time and metadata. Every message that is sent after the
 * returned promise has resolved is recorded, or counted as lost. Nobody waits for the recording.
 * Objects and regions are not recorded.
 * @throws As `observe`: there has to be a bus.
 */
export async function record(
  bus: Bus,
  options: RecordOptions | undefined,
  journal: Journal,
): Promise<Recording> {
  const own = checkKeys('record()', options, names);
  const { payloadBytes = mostBytes, ...observing } = own;
  throwIfAborted(observing.signal);
  const { name, token } = typeof bus === 'string' ? { name: bus, token: undefined } : bus;
  const observer = await observe(name, {
    ...observing,
    payloadBytes,
    ...(token === undefined ? {} : { token }),
  });
  return new Recording(observer, journal, payloadBytes);
}
