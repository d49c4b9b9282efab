// Reuses the memory of regions that nobody holds any more. It knows nothing of messages.
import { clearTimeout, setTimeout } from 'node:timers'; // those of Jest's jsdom are numbers
import { markInstances } from '../brand.js';
import {
  ClosedError,
  errorFromStatus,
  InvalidArgumentError,
  LimitExceededError,
} from '../errors/index.js';
import { addon, type NativePin } from '../native/addon.js';
import { checkBoolean, checkInteger, checkOptions, checkString, show } from '../options.js';
import {
  adoptRegions,
  fieldsOf,
  heldRegion,
  type MemoryRegion,
  maxRegionBytes,
} from './memory-region.js';
import { unwatchRegion, watchRegion } from './region-listener.js';

/** Options of a {@link MemoryRegistry}. */
export interface MemoryRegistryOptions {
  /** Bytes of all its regions together. Default: 1 GiB. */
  readonly maxBytes?: number | undefined;
  /** Milliseconds after which a region that nobody has used goes back to the system. Default: 30,000. */
  readonly idle?: number | undefined;
  /** As in `MemoryRegion.create()`, for all regions of the registry. Default: `false`. */
  readonly readOnly?: boolean | undefined;
}

/** Options of {@link MemoryRegistry.alloc}. */
export interface AllocOptions {
  /** Only regions allocated with the same tag are reused. At most 255 bytes of UTF-8. Default: `''`. */
  readonly tag?: string | undefined;
  /**
   * Called once when the last holder, in whatever process, has let go or died, and the memory can be had again. It
   * does not keep the process alive.
   */
  readonly onFree?: (() => void) | undefined;
}

/** What a registry has. */
export interface RegistryStats {
  /** Regions, free ones included. */
  readonly regions: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Regions that somebody holds. */
  readonly inUse: number;
  /** Regions made since the registry was. */
  readonly created: number;
  /** Times that one was had again instead. */
  readonly reused: number;
}

interface Entry {
  readonly pin: NativePin;
  readonly bytes: number;
  readonly tag: string;
  /** When it was last seen in use, in milliseconds of the process. */
  usedAt: number;
  /** Whom to tell when it is free. */
  watch: { readonly number: number; readonly onFree: () => void } | undefined;
}

const pageBytes = 4096;
/** Milliseconds between two looks for dead holders: asking the system for each of them costs some 10 us. */
const purgeInterval = 20;
const defaultMaxBytes = 2 ** 30;
const defaultIdle = 30_000;
const maxIdle = 2 ** 31 - 1;
/** A free region may be so many times as large as what is asked for. */
const mostTooLarge = 4;

/**
 * Hands out memory regions and has them again when nobody holds them: a frame costs neither system call nor page
 * faults then. Belongs to the thread that made it.
 *
 * ```ts
 * const registry = new MemoryRegistry();
 * using frame = registry.alloc(8 << 20, { tag: '1080p' });
 * frame.bytes.set(pixels);
 * endpoint.send('viewer', 'a frame', { regions: [frame] });
 * ```
 */
export class MemoryRegistry implements Disposable {
  readonly #maxBytes: number;
  readonly #idle: number;
  readonly #readOnly: boolean;
  readonly #entries = new Set<Entry>();
  #bytes = 0;
  #created = 0;
  #reused = 0;
  #closed = false;
  #purgedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** @throws InvalidArgumentError for an option out of its range. */
  constructor(options: MemoryRegistryOptions = {}) {
    const own = checkOptions('MemoryRegistry', options, ['maxBytes', 'idle', 'readOnly']);
    const { maxBytes = defaultMaxBytes, idle = defaultIdle, readOnly = false } = own;
    checkInteger('maxBytes', maxBytes, pageBytes, Number.MAX_SAFE_INTEGER, 'bytes');
    checkInteger('idle', idle, 0, maxIdle, 'milliseconds');
    checkBoolean('readOnly', readOnly);
    this.#maxBytes = maxBytes;
    this.#idle = idle;
    this.#readOnly = readOnly;
  }

  /**
   * A region of at least `minBytes`: a free one of the same tag that is at most four times as large, else a new one,
   * rounded up to pages and touched, so that filling it faults no more. What a reused one contains is left over from
   * its last use. The caller releases it; as soon as all who got it have done so, too, it can be had again.
   *
   * @throws InvalidArgumentError for nonsense; LimitExceededError, with `limit`, if all regions are in use and
   * another one would exceed `maxBytes`; OutOfMemoryError; OutOfDescriptorsError; ClosedError after {@link close}.
   */
  alloc(minBytes: number, options: AllocOptions = {}): MemoryRegion {
    checkInteger('minBytes', minBytes, 1, maxRegionBytes, 'bytes');
    const { tag = '', onFree } = checkOptions('alloc()', options, ['tag', 'onFree']);
    checkString('tag', tag, 0, 255);
    if (onFree !== undefined && typeof onFree !== 'function') {
      throw new InvalidArgumentError(`onFree is ${show(onFree)}; expected a function`, {
        option: 'onFree',
      });
    }
    if (this.#closed) throw new ClosedError('the memory registry is closed');
    const bytes = Math.ceil(minBytes / pageBytes) * pageBytes;
    const found = this.#findFree(bytes, tag) ?? this.#makeRoom(bytes, tag);
    const [entry, region] = found === undefined ? this.#create(bytes, tag) : this.#reuse(found);
    entry.usedAt = performance.now();
    if (onFree !== undefined) {
      entry.watch = { number: watchRegion(entry.pin, () => freed(entry)), onFree };
    }
    this.#schedule();
    return region;
  }

  /** Gives regions back to the system that nobody has used for `idle` milliseconds (default: the option); returns how many. Also done by itself. */
  maintain(idle: number = this.#idle): number {
    checkInteger('idle', idle, 0, maxIdle, 'milliseconds');
    const now = performance.now();
    let removed = 0;
    for (const entry of this.#entries) {
      if (!this.#isFree(entry, true)) entry.usedAt = now;
      else if (now - entry.usedAt >= idle) {
        this.#remove(entry);
        removed++;
      }
    }
    return removed;
  }

  /** What there is now. */
  get stats(): RegistryStats {
    let inUse = 0;
    for (const entry of this.#entries) inUse += this.#isFree(entry, false) ? 0 : 1;
    return {
      regions: this.#entries.size,
      bytes: this.#bytes,
      inUse,
      created: this.#created,
      reused: this.#reused,
    };
  }

  /**
   * Gives all free regions back to the system; those in use go when their last holder lets go. No `onFree` is called
   * any more. Repeated calls do nothing.
   */
  close(): void {
    this.#closed = true;
    for (const entry of this.#entries) this.#remove(entry);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Closes, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  // The best fitting one.
  #findFree(bytes: number, tag: string): Entry | undefined {
    let best: Entry | undefined;
    for (const entry of this.#entries) {
      if (!fits(entry, bytes, tag) || (best !== undefined && best.bytes <= entry.bytes)) continue;
      if (this.#isFree(entry, false)) best = entry;
      if (best?.bytes === bytes) break;
    }
    return best;
  }

  // Room for a new one, or one that turned out to be free after all: a dead process had held it, or somebody has let
  // go since we looked.
  #makeRoom(bytes: number, tag: string): Entry | undefined {
    const now = performance.now();
    const purge = now - this.#purgedAt >= purgeInterval;
    if (purge) this.#purgedAt = now;
    for (const entry of this.#entries) {
      const full = this.#bytes + bytes > this.#maxBytes;
      if ((!purge && !full) || !this.#isFree(entry, purge)) continue;
      if (fits(entry, bytes, tag)) return entry;
      if (full) this.#remove(entry);
    }
    if (this.#bytes + bytes <= this.#maxBytes) return undefined;
    throw new LimitExceededError(
      `the memory registry has ${this.#bytes} bytes in use and cannot allocate ${bytes} more; its limit is ${this.#maxBytes}`,
      { option: 'maxBytes', value: bytes, limit: this.#maxBytes },
    );
  }

  #isFree(entry: Entry, purge: boolean): boolean {
    if (addon.pinIsFree(entry.pin, purge) !== true) return false;
    // We are faster than the news of it.
    if (entry.watch !== undefined) {
      unwatchRegion(entry.watch.number);
      freed(entry, queueMicrotask);
    }
    return true;
  }

  #reuse(entry: Entry): [Entry, MemoryRegion] {
    this.#reused++;
    return [entry, only(adoptRegions(fieldsOf(addon.holdPin(entry.pin))))];
  }

  #create(bytes: number, tag: string): [Entry, MemoryRegion] {
    const region = only(adoptRegions(fieldsOf(addon.createRegion(bytes, this.#readOnly, true))));
    const pin = addon.pinRegion(heldRegion(region));
    if (typeof pin === 'number') throw errorFromStatus(-pin);
    const entry: Entry = { pin, bytes, tag, usedAt: 0, watch: undefined };
    this.#entries.add(entry);
    this.#bytes += bytes;
    this.#created++;
    return [entry, region];
  }

  #remove(entry: Entry): void {
    if (entry.watch !== undefined) unwatchRegion(entry.watch.number);
    entry.watch = undefined;
    this.#bytes -= entry.bytes;
    this.#entries.delete(entry);
    addon.unpin(entry.pin);
  }

  // Not while nothing is there, and not to keep the process alive.
  #schedule(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.maintain();
        if (this.#entries.size > 0) this.#schedule();
      },
      Math.max(this.#idle, 100),
    ).unref();
  }
}

function fits(entry: Entry, bytes: number, tag: string): boolean {
  return entry.tag === tag && entry.bytes >= bytes && entry.bytes <= bytes * mostTooLarge;
}

function freed(entry: Entry, call: (onFree: () => void) => void = (onFree) => onFree()): void {
  const onFree = entry.watch?.onFree;
  entry.watch = undefined;
  entry.usedAt = performance.now();
  if (onFree !== undefined) call(onFree);
}

function only(regions: readonly MemoryRegion[]): MemoryRegion {
  return regions[0] as MemoryRegion;
}

markInstances(MemoryRegistry);
