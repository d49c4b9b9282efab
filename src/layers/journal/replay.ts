// Replaying: the entries of a journal as messages on a bus, at the pace at which they were written,
// faster, or step by step. By an endpoint of its own, so that nobody's inbox is in the way.
import { show } from '../../base/show.js';
import {
  anyone,
  type Endpoint,
  join,
  multicast,
  NoRecipientError,
  QueueFullError,
  type RawBox,
  type RawInit,
  raw,
  type Selector,
} from '../../index.js';
import type { Bus } from '../rpc/index.js';
import { checkAbort, checkKeys, refused } from './checks.js';
import type { JournalEntry } from './entry.js';
import { throwIfAborted } from './folder-changes.js';
import type { JournalReader } from './journal-reader.js';
import type { JournalReadOptions } from './options.js';
import type { JournalRead } from './read.js';
import { replayedMetadata } from './replay-metadata.js';

/** A message that {@link ReplayOptions.map} makes of an entry. */
export interface ReplayMessage extends RawInit {
  /** Whom it is for. Default: `deliverTo`. */
  readonly to?: Selector | string;
}

/** Options of {@link replay}; `from`, `to`, `follow`, `damaged` and `signal` are those of `read`. */
export interface ReplayOptions extends JournalReadOptions {
  /** Whom the messages are for. Default: all others, `multicast(anyone, { excludeSelf: true })`. */
  readonly deliverTo?: Selector | string;
  /**
   * 1 for the pace at which the entries were written, 10 for ten times as fast, `Infinity` for as
   * fast as the receivers take them. Default: 1.
   */
  readonly speed?: number;
  /** How often the entries are replayed; `Infinity` until `signal` is aborted. Default: 1. */
  readonly loop?: number;
  /** Called before each message, which waits for its promise: to replay step by step. */
  readonly step?: (entry: JournalEntry) => void | Promise<void>;
  /** Makes the message of an entry; `undefined` leaves it out. Default: the message as it was. */
  readonly map?: (entry: JournalEntry) => ReplayMessage | undefined;
}

/** What {@link replay} did. */
export interface ReplayReport {
  /** Messages that were sent. */
  readonly sent: number;
  /** Receivers of all of them together. */
  readonly receivers: number;
  /** Messages that no endpoint matched. */
  readonly unmatched: number;
  /** Entries that `map` left out. */
  readonly skipped: number;
  /** Positions that were not in the journal any more; see {@link JournalRead.missed}. */
  readonly missed: number;
}

const optionNames = [
  'from',
  'to',
  'follow',
  'damaged',
  'signal',
  'deliverTo',
  'speed',
  'loop',
  'step',
  'map',
] as const satisfies readonly (keyof ReplayOptions)[];

/** The longest delay of a timer. */
const maxDelay = 2 ** 31 - 1;

/** Entries sent at once before the event loop has its turn. */
const burst = 256;

/**
 * Sends the entries of a journal to a bus, which it joins without a label for that time. Resolves
 * when the last message has been sent. Each message has the metadata that it was recorded with; if
 * that has the fields of calls, or if there was none, position and time of the entry are added.
 * Waits for slow receivers. Ids and replies are new: an answer does not reach who asked then.
 * @throws InvalidArgumentError if an option is wrong.
 * @throws AbortedError if the signal was aborted, and whatever `join`, `read`, `step` or `map` throw.
 */
export async function replay(
  bus: Bus,
  log: JournalReader,
  options?: ReplayOptions,
): Promise<ReplayReport> {
  const own = checkKeys('replay()', options, optionNames);
  const { speed = 1, loop = 1, deliverTo, step, map, ...reading } = own;
  if (typeof speed !== 'number' || !(speed > 0)) {
    throw refused(`speed is ${show(speed)}; expected a number above 0, or Infinity`, 'speed');
  }
  const whole = Number.isInteger(loop) || loop === Number.POSITIVE_INFINITY;
  if (!whole || loop < 1 || (loop > 1 && reading.follow === true)) {
    throw refused(`loop is ${show(loop)}; expected 1 or more, and 1 with follow`, 'loop');
  }
  for (const [name, call] of [
    ['step', step],
    ['map', map],
  ] as const) {
    if (call !== undefined && typeof call !== 'function') {
      throw refused(`${name} is ${show(call)}; expected a function`, name);
    }
  }
  const signal = checkAbort(reading.signal);
  throwIfAborted(signal);
  // Made before joining, so that wrong options are refused before anything happens.
  const first = log.read(reading);
  const { name, ...joining } = typeof bus === 'string' ? { name: bus } : bus;
  const endpoint = await join(name, { ...joining, messages: raw });
  const player = new Player(endpoint, deliverTo, speed, step, map, signal);
  try {
    for (let pass = 0; pass < loop; pass++) {
      await player.play(pass === 0 ? first : log.read(reading));
      // A pass without an entry would be a loop that gives nobody a turn.
      await new Promise((resolve) => setImmediate(resolve));
      throwIfAborted(signal);
    }
    return player.report;
  } finally {
    await endpoint.close();
  }
}

class Player {
  readonly #endpoint: Endpoint<RawBox>;
  readonly #to: Selector | string;
  readonly #speed: number;
  readonly #step: ReplayOptions['step'];
  readonly #map: ReplayOptions['map'];
  readonly #signal: AbortSignal | undefined;
  #counts = { sent: 0, receivers: 0, unmatched: 0, skipped: 0, missed: 0 };

  constructor(
    endpoint: Endpoint<RawBox>,
    to: Selector | string | undefined,
    speed: number,
    step: ReplayOptions['step'],
    map: ReplayOptions['map'],
    signal: AbortSignal | undefined,
  ) {
    this.#endpoint = endpoint;
    this.#to = to ?? multicast(anyone, { excludeSelf: true });
    this.#speed = speed;
    this.#step = step;
    this.#map = map;
    this.#signal = signal;
  }

  get report(): ReplayReport {
    return { ...this.#counts };
  }

  /** One pass over the entries. */
  async play(read: JournalRead): Promise<void> {
    let began: number | undefined;
    let firstTime = 0;
    let sinceTurn = 0;
    for await (const entry of read) {
      throwIfAborted(this.#signal);
      if (this.#speed !== Number.POSITIVE_INFINITY) {
        if (began === undefined) {
          began = performance.now();
          firstTime = entry.time;
        }
        await this.#until(began + (entry.time - firstTime) / this.#speed);
      }
      await this.#step?.(entry);
      await this.#send(entry);
      if (++sinceTurn % burst === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#counts.missed += read.missed;
  }

  async #send(entry: JournalEntry): Promise<void> {
    const content = this.#map === undefined ? entry : this.#map(entry);
    if (content === undefined) {
      this.#counts.skipped++;
      return;
    }
    const { typeId, format, bytes, to = this.#to } = content as ReplayMessage;
    const message = raw.message({ typeId, format, bytes });
    const metadata = replayedMetadata(entry);
    const options = metadata === undefined ? {} : { metadata };
    let receivers: number;
    try {
      receivers = this.#endpoint.send(to, message, options);
    } catch (error) {
      if (error instanceof QueueFullError) {
        const waiting = this.#signal === undefined ? options : { ...options, signal: this.#signal };
        receivers = await this.#endpoint.sendWhenReady(to, message, waiting);
      } else if (error instanceof NoRecipientError) receivers = 0;
      else throw error;
    }
    if (receivers === 0) this.#counts.unmatched++;
    else this.#counts.sent++;
    this.#counts.receivers += receivers;
  }

  async #until(time: number): Promise<void> {
    for (let left = time - performance.now(); left > 0; left = time - performance.now()) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#signal?.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, Math.min(Math.ceil(left), maxDelay));
        this.#signal?.addEventListener('abort', done);
      });
      throwIfAborted(this.#signal);
    }
  }
}
