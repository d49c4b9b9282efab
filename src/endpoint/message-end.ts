// The rest of a message's life once its consumer is done with it: a waiting sender gets its
// acknowledgement, and attachments that were neither taken nor kept are closed. Most messages need
// neither.
import { okStatus, statusOf } from '../errors/index.js';
import type { MemoryRegion } from '../memory/memory-region.js';
import type { KernelObject } from '../objects/index.js';

/** The position of a message in its link, for a sender that waits until it is handled. */
export interface Mark {
  readonly slot: number;
  readonly position: number;
}

/** Reports the outcome to the sender: handled (0), or why not. */
export type Settle = (slot: number, position: number, status: number) => void;

const notHandled = statusOf('NotHandled');

const nothing: readonly never[] = Object.freeze([]);

/**
 * Does not refer to the message, so that a large payload is freed as soon as its user drops it.
 * Attachments are held weakly for the same reason: garbage collection closes those of a consumer
 * that never asks again.
 */
export class MessageEnd {
  #mark: Mark | undefined;
  #objects: readonly WeakRef<KernelObject>[];
  #regions: readonly WeakRef<MemoryRegion>[];
  readonly #settle: Settle;

  constructor(
    mark: Mark | undefined,
    objects: readonly KernelObject[],
    regions: readonly MemoryRegion[],
    settle: Settle,
  ) {
    this.#mark = mark;
    this.#objects = weakly(objects);
    this.#regions = weakly(regions);
    this.#settle = settle;
  }

  /** The consumer has handled the message. */
  acknowledge(): void {
    this.#tell(okStatus);
  }

  /** The consumer owns the attachments from now on. */
  keep(): void {
    this.#objects = nothing;
    this.#regions = nothing;
  }

  /** The consumer has finished the message. */
  finish(): void {
    this.acknowledge();
    this.release();
  }

  /**
   * The consumer failed to handle the message. It is reported in a later turn: if the same
   * exception ends this process, another receiver gets the message instead.
   */
  fail(): void {
    this.release();
    if (this.#mark !== undefined) setImmediate(() => this.#tell(notHandled)).unref();
  }

  /** Closes the attachments that were neither taken nor kept. */
  release(): void {
    for (const object of this.#objects) object.deref()?.close();
    for (const region of this.#regions) region.deref()?.release();
    this.keep();
  }

  #tell(status: number): void {
    const mark = this.#mark;
    if (mark === undefined) return;
    this.#mark = undefined;
    this.#settle(mark.slot, mark.position, status);
  }
}

function weakly<T extends object>(list: readonly T[]): readonly WeakRef<T>[] {
  return list.length === 0 ? nothing : list.map((each) => new WeakRef(each));
}
