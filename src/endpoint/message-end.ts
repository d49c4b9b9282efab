// What is left to do about a message once its consumer is done with it: the sender that waits for that is told, and what
// came with it and was neither taken nor kept is closed. Most messages have nothing of the kind.
import type { MemoryRegion } from '../memory/memory-region.js';
import type { KernelObject } from '../objects/index.js';
import { handledStatus, notHandledStatus } from './status-numbers.js';

/** Where a message lies in its link, for the sender that waits until it is handled. */
export interface Mark {
  readonly slot: number;
  readonly position: number;
}

/** Tells the sender: handled (0), or why not. */
export type Settle = (slot: number, position: number, status: number) => void;

const nothing: readonly never[] = Object.freeze([]);

/**
 * Not the message: a large payload should go as soon as its user lets go of it. What came along is held weakly for the
 * same reason: the collector closes what is forgotten by a consumer that never asks again.
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

  /** The consumer has done what it had to do. */
  acknowledge(): void {
    this.#tell(handledStatus);
  }

  /** What came with the message is its consumer's to close. */
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
   * The consumer has given the message up. Its sender learns of it in a turn of its own: if this process ends by the same
   * exception, another receiver gets the message instead.
   */
  fail(): void {
    this.release();
    if (this.#mark !== undefined) setImmediate(() => this.#tell(notHandledStatus)).unref();
  }

  /** Closes what came with it and was neither taken nor kept. */
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
