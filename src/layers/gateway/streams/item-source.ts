// The items of a call that streams, as JSON. Nothing is asked of the server before it is wanted here,
// so what a slow reader costs is the window of one stream.
import type { Stream } from '../../rpc/index.js';

/** Some items, or the end with the result. */
export interface Items {
  /** The JSON of each; `undefined` at the end. */
  readonly lines: readonly string[] | undefined;
  /** The JSON of the result, at the end. */
  readonly result: string;
}

type Step = IteratorResult<readonly unknown[], unknown>;

/** Milliseconds that an answer waits for the first item, so that an early error has its own status. */
const firstTime = 250;

/** Reads a stream. */
export class ItemSource {
  readonly #batches: AsyncIterableIterator<readonly unknown[], unknown, undefined>;
  readonly #item: (item: unknown) => string;
  readonly #result: (result: unknown) => string;
  readonly #failed: (error: unknown) => unknown;
  #first: Promise<Step> | undefined;

  constructor(
    stream: Stream<unknown, unknown>,
    item: (item: unknown) => string,
    result: (result: unknown) => string,
    failed: (error: unknown) => unknown,
  ) {
    this.#batches = stream.batches();
    this.#item = item;
    this.#result = result;
    this.#failed = failed;
  }

  /** Makes the call. Rejects if it fails at once. */
  async begin(): Promise<void> {
    const first = this.#batches.next();
    this.#first = first;
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, firstTime);
    });
    try {
      await Promise.race([first, enough]);
    } catch (error) {
      throw this.#failed(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The next items. Rejects with the error of the call. */
  async next(): Promise<Items> {
    const first = this.#first;
    this.#first = undefined;
    let step: Step;
    try {
      step = await (first ?? this.#batches.next());
    } catch (error) {
      throw this.#failed(error);
    }
    if (step.done === true) return { lines: undefined, result: this.#result(step.value) };
    return { lines: step.value.map(this.#item), result: '' };
  }

  /** Nobody wants more: the call is cancelled. */
  leave(): void {
    this.#first?.catch(() => undefined);
    void this.#batches.return?.();
  }
}
