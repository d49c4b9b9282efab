// The attachments of a message, kernel objects and memory regions, checked.
import { checkInteger, show } from '../checks.js';
import { InvalidArgumentError, LimitExceededError } from '../errors/index.js';
import { limits } from '../limits.js';
import { heldRegion, MemoryRegion, type RegionRange } from '../memory/memory-region.js';
import type { NativeHandle, NativeRegion, NativeRegionRanges } from '../native/addon.js';
import { KernelObject, openHandle } from '../objects/index.js';

/** The attachments as the user gave them. */
export interface AttachmentOptions {
  readonly objects?: readonly KernelObject[] | undefined;
  readonly regions?: readonly (MemoryRegion | RegionRange)[] | undefined;
}

/** The attachments as native code takes them. */
export interface Attachments {
  readonly objects: readonly NativeHandle[] | undefined;
  readonly regions: NativeRegionRanges | undefined;
}

/** The checked attachments of some options; `undefined` if there are none. */
export function attachmentsOf(options: AttachmentOptions): Attachments | undefined {
  const objects = objectsOf(options);
  const regions = regionsOf(options);
  return objects === undefined && regions === undefined ? undefined : { objects, regions };
}

function objectsOf({ objects }: AttachmentOptions): readonly NativeHandle[] | undefined {
  if (objects === undefined) return undefined;
  if (!Array.isArray(objects)) {
    throw new InvalidArgumentError(
      `objects are ${show(objects)}; expected an array of KernelObject`,
      { option: 'objects' },
    );
  }
  const wrong = objects.findIndex((object) => !(object instanceof KernelObject));
  if (wrong >= 0) {
    throw new InvalidArgumentError(
      `objects[${wrong}] is ${show(objects[wrong])}; expected a KernelObject`,
      { option: 'objects' },
    );
  }
  checkCount('objects', 'kernel objects', objects.length, limits.maxObjects);
  return objects.length === 0 ? undefined : objects.map(openHandle);
}

function regionsOf({ regions }: AttachmentOptions): NativeRegionRanges | undefined {
  if (regions === undefined) return undefined;
  if (!Array.isArray(regions)) {
    throw new InvalidArgumentError(
      `regions are ${show(regions)}; expected an array of MemoryRegion or RegionRange`,
      { option: 'regions' },
    );
  }
  checkCount('regions', 'memory regions', regions.length, limits.maxRegions);
  const ranges: (NativeRegion | number)[] = [];
  for (const each of regions) addRange(each, ranges);
  return ranges.length === 0 ? undefined : ranges;
}

function addRange(each: MemoryRegion | RegionRange, out: (NativeRegion | number)[]): void {
  if (each instanceof MemoryRegion) {
    out.push(heldRegion(each), 0, each.size);
    return;
  }
  if (!(each?.region instanceof MemoryRegion)) {
    throw new InvalidArgumentError(
      `regions has ${show(each)}; expected a MemoryRegion or a RegionRange`,
      { option: 'regions' },
    );
  }
  const { region, offset, length } = each;
  checkInteger('offset', offset, 0, region.size - 1, 'bytes');
  checkInteger('length', length, 1, region.size - offset, 'bytes');
  out.push(heldRegion(region), offset, length);
}

function checkCount(option: string, what: string, count: number, limit: number): void {
  if (count <= limit) return;
  throw new LimitExceededError(
    `a message with ${count} ${what}; the largest number allowed is ${limit}`,
    { option, limit },
  );
}
