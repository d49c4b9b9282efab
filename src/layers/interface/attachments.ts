// What goes beside a payload: a region or object in a value becomes its index among the message's
// attachments, and back. The transport decides what it can attach.
import type { KernelObject, MemoryRegion, RegionRange } from '../../index.js';

/** What stands for a region in JSON where nothing can be attached: how to fetch it. */
export interface RegionReference {
  /** A secret that the receiver fetches the region with. */
  readonly ticket: string;
  /** Bytes of the region. */
  readonly bytes: number;
}

/** Takes the attachments of a value that is being encoded. */
export interface AttachmentSink {
  /** Returns the index of the object among the message's objects. Throws if it cannot be sent. */
  addObject(object: KernelObject): number;
  /**
   * Returns the index of the region among the message's regions, or in JSON what to fetch it with.
   * Throws if it cannot be sent.
   */
  addRegion(region: MemoryRegion | RegionRange): number | RegionReference;
}

/** Gives out the attachments of a value that is being decoded, each once. */
export interface AttachmentSource {
  /** The object with this index; `undefined` if there is none, or it was given out before. */
  takeObject(index: number): KernelObject | undefined;
  /** The region with this index; `undefined` if there is none, or it was given out before. */
  takeRegion(index: number): MemoryRegion | undefined;
}

/** The attachments of a value that was encoded, as the options of `send` take them. */
export interface CollectedAttachments extends AttachmentSink {
  /** The objects, in the order of their indexes. */
  readonly objects: readonly KernelObject[];
  /** The regions, in the order of their indexes. */
  readonly regions: readonly (MemoryRegion | RegionRange)[];
}

// A class, so that its functions are not taken for options of `send`.
class Collector implements CollectedAttachments {
  readonly objects: KernelObject[] = [];
  readonly regions: (MemoryRegion | RegionRange)[] = [];

  addObject(object: KernelObject): number {
    return this.objects.push(object) - 1;
  }

  addRegion(region: MemoryRegion | RegionRange): number {
    return this.regions.push(region) - 1;
  }
}

/** Collects what a value attaches, in two lists; pass the result to `send` as its options. */
export function collectAttachments(): CollectedAttachments {
  return new Collector();
}

/** The attachments of a received message, or of a sent one. They stay its own until taken. */
export function attachmentsOf(message: {
  readonly objects: readonly KernelObject[];
  readonly regions: readonly MemoryRegion[];
}): AttachmentSource {
  const { objects, regions } = message;
  const taken = new Set<number>();
  const take = <T>(list: readonly T[], index: number, mark: number): T | undefined => {
    if (!Number.isInteger(index) || index < 0 || index >= list.length) return undefined;
    if (taken.has(mark)) return undefined;
    taken.add(mark);
    return list[index];
  };
  return {
    takeObject: (index) => take(objects, index, index),
    // Numbers below zero, so that one set serves both lists.
    takeRegion: (index) => take(regions, index, -1 - index),
  };
}

/** For a transport or value without attachments: refuses all and has none. */
export const noAttachments: AttachmentSink & AttachmentSource = Object.freeze({
  addObject(): never {
    throw new TypeError('a kernel object cannot be sent here');
  },
  addRegion(): never {
    throw new TypeError('a memory region cannot be sent here');
  },
  takeObject: () => undefined,
  takeRegion: () => undefined,
});
