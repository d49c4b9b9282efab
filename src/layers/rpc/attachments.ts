// Who owns the objects and regions of a frame. Outgoing: collected while the payload is encoded, and
// still the program's. Incoming: this layer closes what nobody took.
import type { AttachmentSink, AttachmentSource } from '../interface/entry-values.js';
import type { Attachments } from './port.js';

type ObjectLike = Parameters<AttachmentSink['addObject']>[0];
type RegionLike = Parameters<AttachmentSink['addRegion']>[0];

interface Closable {
  close?(): void;
  release?(): void;
}

/** Closes objects and releases regions; twice does no harm. */
export function closeAttachments(attachments: Attachments | undefined): void {
  if (attachments === undefined) return;
  for (const object of attachments.objects) (object as Closable).close?.();
  for (const region of attachments.regions) {
    // Part of a region is `{ region, offset, length }`.
    const { region: whole = region } = region as { readonly region?: unknown };
    (whole as Closable).release?.();
  }
}

/** Collects what a payload attaches. Reused: `take()` makes it empty. */
export class Collector implements AttachmentSink {
  #objects: ObjectLike[] | undefined;
  #regions: RegionLike[] | undefined;
  readonly #allowed: boolean;

  constructor(allowed: boolean) {
    this.#allowed = allowed;
  }

  addObject(object: ObjectLike): number {
    this.#objects = this.#allow(this.#objects);
    return this.#objects.push(object) - 1;
  }

  addRegion(region: RegionLike): number {
    this.#regions = this.#allow(this.#regions);
    return this.#regions.push(region) - 1;
  }

  /** What was collected since the last time. */
  take(): Attachments | undefined {
    const objects = this.#objects;
    const regions = this.#regions;
    if (objects === undefined && regions === undefined) return undefined;
    this.#objects = undefined;
    this.#regions = undefined;
    return { objects: objects ?? [], regions: regions ?? [] };
  }

  #allow<T>(list: T[] | undefined): T[] {
    if (!this.#allowed) throw new UnattachableError();
    return list ?? [];
  }
}

/** An object or region was given to a port that cannot carry it. */
export class UnattachableError extends Error {
  constructor() {
    super('a kernel object or memory region cannot be sent over a message port');
  }
}

/** Gives the attachments of a frame out, each once. */
export class Received implements AttachmentSource {
  readonly #objects: unknown[];
  readonly #regions: unknown[];

  constructor(attachments: Attachments) {
    this.#objects = [...attachments.objects];
    this.#regions = [...attachments.regions];
  }

  takeObject(index: number): ReturnType<AttachmentSource['takeObject']> {
    return takeOf(this.#objects, index) as ReturnType<AttachmentSource['takeObject']>;
  }

  takeRegion(index: number): ReturnType<AttachmentSource['takeRegion']> {
    return takeOf(this.#regions, index) as ReturnType<AttachmentSource['takeRegion']>;
  }

  /** Closes what nobody took. */
  closeRest(): void {
    const isThere = (each: unknown) => each !== undefined;
    closeAttachments({
      objects: this.#objects.filter(isThere),
      regions: this.#regions.filter(isThere),
    });
  }
}

function takeOf(list: unknown[], index: number): unknown {
  if (!Number.isInteger(index) || index < 0 || index >= list.length) return undefined;
  const each = list[index];
  list[index] = undefined;
  return each;
}
