// The label of an endpoint, and the calls of relabel() that wait until all others see theirs.
import { type BusErrorFacts, errorFromStatus } from '../errors/index.js';
import type { NativeEndpoint } from '../native/addon.js';
import { numberOptions } from '../option-list.js';
import { type CancelOptions, cancellable, type Settler } from './cancellation.js';

/** Options of `endpoint.relabel()`. */
export interface RelabelOptions extends CancelOptions {
  /**
   * Milliseconds to wait until every other endpoint sees the label; see {@link
   * CancelOptions.timeout}. Default: 5,000.
   */
  readonly timeout?: number | undefined;
}

interface Change {
  readonly label: readonly string[];
  /** `undefined` once its caller has given up. */
  settler: Settler<void> | undefined;
}

/** The labels of one endpoint. */
export class Labels {
  readonly #native: Pick<NativeEndpoint, 'relabel'>;
  /** By revision, in the order of the calls. */
  readonly #changes = new Map<number, Change>();
  #current: readonly string[];

  constructor(native: Pick<NativeEndpoint, 'relabel'>, label: readonly string[]) {
    this.#native = native;
    this.#current = label;
  }

  /** The label that all endpoints see. */
  get current(): readonly string[] {
    return this.#current;
  }

  /** Resolves once all endpoints see this label, or a later one. */
  change(
    label: readonly string[],
    { timeout = numberOptions.timeout.byDefault, signal }: RelabelOptions,
    facts: BusErrorFacts,
  ): Promise<void> {
    let change: Change | undefined;
    return cancellable<void>(
      'relabel()',
      { timeout, signal },
      facts,
      (settler) => {
        const revision = this.#native.relabel(label);
        if (revision < 0) throw errorFromStatus(-revision, facts);
        this.#forgetGivenUp();
        change = { label, settler };
        this.#changes.set(revision, change);
      },
      () => {
        if (change !== undefined) change.settler = undefined;
      },
    );
  }

  /** Called by the notice board: all endpoints see the label of this revision. */
  shown(revision: number): void {
    for (const [each, { label, settler }] of this.#changes) {
      if (each > revision) return;
      this.#changes.delete(each);
      this.#current = label;
      settler?.resolve();
    }
  }

  /** No more labels will be confirmed. */
  rejectAll(error: Error): void {
    for (const { settler } of this.#changes.values()) settler?.reject(error);
    this.#changes.clear();
  }

  // A later label takes the place of theirs.
  #forgetGivenUp(): void {
    for (const [revision, { settler }] of this.#changes) {
      if (settler === undefined) this.#changes.delete(revision);
    }
  }
}
