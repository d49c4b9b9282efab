// Methods that stream, as answers: one JSON a line, which ends with its reader, or server-sent
// events, which a reader can take up again where it was cut off.

import type { CallOptions } from '../../rpc/index.js';
import { headerOf } from '../calls/call-options.js';
import { withShape } from '../calls/error-shapes.js';
import type { NamedMethod } from '../calls/named-method.js';
import type { Values } from '../calls/values.js';
import type { Exchange } from '../http/exchange.js';
import { Refusal } from '../http/refusal.js';
import type { StreamAnswer } from '../http/stream-answer.js';
import type { Limits } from '../limits.js';
import { newSecret } from '../tickets.js';
import { type Grant, takeStream } from '../tokens.js';
import type { Failing } from './failing.js';
import { ItemSource } from './item-source.js';
import { kindOf } from './kind.js';
import { ResumableStream } from './resumable-stream.js';

/** Answers calls of methods that stream. */
export class StreamedCalls {
  readonly #values: Values;
  readonly #limits: Limits;
  readonly #failing: Failing;
  readonly #resumable = new Map<string, ResumableStream>();
  /** Those that have come to their end, the oldest first. */
  readonly #completed = new Set<ResumableStream>();

  constructor(values: Values, limits: Limits, failing: Failing) {
    this.#values = values;
    this.#limits = limits;
    this.#failing = failing;
  }

  /** Answers with a stream, a new one or one that was cut off. */
  async answer(
    exchange: Exchange,
    method: NamedMethod,
    values: readonly unknown[],
    options: CallOptions,
  ): Promise<void> {
    const kind = kindOf(exchange);
    if (kind === 'lines') return this.#lines(exchange, method, values, options);
    const last = headerOf(exchange, 'last-event-id');
    if (last !== undefined && last !== '') return this.#resume(exchange, method, last);
    return this.#events(exchange, method, values, options);
  }

  /** Ends all that wait for their readers. */
  close(): void {
    for (const stream of this.#resumable.values()) stream.cancel();
  }

  async #lines(
    exchange: Exchange,
    method: NamedMethod,
    values: readonly unknown[],
    options: CallOptions,
  ): Promise<void> {
    const release = takeStream(exchange.grant, this.#limits);
    try {
      const items = this.#open(exchange, method, values, options);
      await items.begin();
      const answer = exchange.countedStream('lines');
      answer.onClose(release);
      void this.#pumpLines(items, answer);
    } catch (error) {
      release();
      throw error;
    }
  }

  async #pumpLines(items: ItemSource, answer: StreamAnswer): Promise<void> {
    try {
      for (;;) {
        const { lines, result } = await items.next();
        if (lines === undefined) {
          answer.end(`{"result":${result}}\n`);
          return;
        }
        const text = lines.map((line) => `{"item":${line}}\n`).join('');
        if (!(await answer.write(text))) break;
      }
    } catch (error) {
      answer.end(`{"error":${JSON.stringify(this.#failing(error))}}\n`);
      return;
    }
    items.leave();
  }

  async #events(
    exchange: Exchange,
    method: NamedMethod,
    values: readonly unknown[],
    options: CallOptions,
  ): Promise<void> {
    const { grant } = exchange;
    const release = takeStream(grant, this.#limits);
    const stop = new AbortController();
    const items = this.#open(exchange, method, values, { ...options, signal: stop.signal });
    const leave = () => stop.abort(new Error('the caller is gone'));
    exchange.signal.addEventListener('abort', leave);
    try {
      await items.begin();
    } catch (error) {
      release();
      throw error;
    } finally {
      exchange.signal.removeEventListener('abort', leave);
    }
    if (stop.signal.aborted) {
      release();
      return;
    }
    const id = newSecret();
    const stream: ResumableStream = new ResumableStream(id, items, this.#limits, this.#failing, {
      completed: () => {
        release();
        this.#keep(stream);
      },
      ended: () => {
        this.#resumable.delete(id);
        this.#completed.delete(stream);
        release();
      },
    });
    owners.set(stream, { grant, method: nameOf(method) });
    this.#resumable.set(id, stream);
    stream.attach(exchange.countedStream('events'), 0);
    void stream.run();
  }

  // They hold memory, and no stream of their token any more.
  #keep(stream: ResumableStream): void {
    this.#completed.add(stream);
    const [oldest] = this.#completed;
    if (this.#completed.size > this.#limits.streams) oldest?.cancel();
  }

  async #resume(exchange: Exchange, method: NamedMethod, last: string): Promise<void> {
    const [, id = '', sequence = ''] = /^([\w-]{32})\.(\d{1,15})$/.exec(last) ?? [];
    const stream = this.#resumable.get(id);
    const owner = stream && owners.get(stream);
    if (
      stream === undefined ||
      owner?.grant !== exchange.grant ||
      owner?.method !== nameOf(method) ||
      !stream.canResume(Number(sequence))
    ) {
      throw new Refusal('RESUME_LOST', 'the stream cannot go on from there: call again');
    }
    // To those who read events, it means that they need not come again.
    if (stream.isEnd(Number(sequence))) exchange.bytes(204, undefined, {});
    else stream.attach(exchange.countedStream('events'), Number(sequence));
  }

  #open(
    exchange: Exchange,
    method: NamedMethod,
    values: readonly unknown[],
    options: CallOptions,
  ): ItemSource {
    const { shapes } = method;
    const stream = method.call(...values, options) as ConstructorParameters<typeof ItemSource>[0];
    return new ItemSource(
      stream,
      (item) => this.#values.text(shapes.stream, item, exchange),
      (result) => this.#values.text(shapes.returns, result, exchange),
      (error) => withShape(error, shapes),
    );
  }
}

/** Whose stream it is, and of what. */
const owners = new WeakMap<
  ResumableStream,
  { readonly grant: Grant | undefined; readonly method: string }
>();

function nameOf({ exposed: { source }, name }: NamedMethod): string {
  return `${source.name}/${source.major}/${name}`;
}
