// A stream of a method, as the client of a gateway has it.
import {
  asyncDispose,
  CallError,
  CancelledError,
  type Member,
  PeerGoneError,
  type Stream,
} from '../../rpc/entry-port.js';
import { linesIn } from './line-reader.js';
import { errorOf, type Told } from './requests.js';

interface Line {
  readonly item?: unknown;
  readonly result?: unknown;
  readonly error?: Told;
}

/** Begins when its consumer asks for the first item. */
export class ItemStream implements Stream<unknown, unknown> {
  readonly #items: AsyncGenerator<unknown, unknown, undefined>;
  readonly #stop = new AbortController();

  constructor(
    member: Member,
    send: (accept: string, signal: AbortSignal) => Promise<Response>,
    signal: AbortSignal | undefined,
  ) {
    const stops = [this.#stop.signal, signal].filter((each) => each !== undefined);
    this.#items = itemsOf(
      member,
      () => send('application/x-ndjson', AbortSignal.any(stops)),
      signal,
    );
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    return this.#items.next();
  }

  async return(): Promise<IteratorResult<unknown, unknown>> {
    // First, so that a step under way ends.
    this.#stop.abort();
    await this.#items.return(undefined).catch(() => undefined);
    return { done: true, value: undefined };
  }

  async throw(error?: unknown): Promise<IteratorResult<unknown, unknown>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [asyncDispose](): Promise<void> {
    await this.return();
  }

  async *batches(): AsyncGenerator<readonly unknown[], void, undefined> {
    for await (const item of this) yield [item];
  }

  readable(): ReadableStream<unknown> {
    return new ReadableStream(
      {
        pull: async (controller) => {
          const { done, value } = await this.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        cancel: async () => {
          await this.return();
        },
      },
      { highWaterMark: 0 },
    );
  }
}

async function* itemsOf(
  member: Member,
  send: () => Promise<Response>,
  signal: AbortSignal | undefined,
): AsyncGenerator<unknown, unknown, undefined> {
  const { name, item, returns } = member;
  try {
    for await (const each of linesIn(await send())) {
      const { error, result, ...rest } = each as Line;
      if (error !== undefined) throw errorOf(error, 200, member);
      if (!('item' in rest)) return returns?.decode(result, undefined, 'json');
      yield item?.decode(rest.item, undefined, 'json');
    }
  } catch (cause) {
    if (cause instanceof CallError || (cause as Error)?.name === 'InvalidValueError') throw cause;
    const facts = { executed: 'maybe', cause } as const;
    if (signal?.aborted === true) throw new CancelledError(`${name} was cancelled`, facts);
    throw new PeerGoneError(`the stream of ${name} broke off`, facts);
  }
  throw new PeerGoneError(`the stream of ${name} broke off`, { executed: 'maybe' });
}
