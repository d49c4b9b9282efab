// Reuses the memory of regions once no process holds them. This file knows no messages.
import { clearTimeout, setTimeout } from 'node:timers'; // those of Jest's jsdom are numbers
import { markInstances } from '../brand.js';
import { checkBoolean, checkInteger, checkOptions, checkString, show } from '../checks.js';
import {
  ClosedError,
  errorFromStatus,
  InvalidArgumentError,
  LimitExceededError,
} from '../errors/index.js';
import { limits } from '../limits.js';
import { addon, type NativePin } from '../native/addon.js';
import { adoptRegions, fieldsOf, heldRegion, type MemoryRegion } from './memory-region.js';
import { unwatchRegion, watchRegion } from './region-listener.js';

/** Options of a {@link MemoryRegistry}. */
export interface MemoryRegistryOptions {
  /** Bytes of all its regions together. Default: 1 GiB. */
  readonly maxBytes?: number | undefined;
  /** Milliseconds after which an unused region goes back to the system. Default: 30,000. */
  readonly idle?: number | undefined;
  /** As in `MemoryRegion.create()`, for all regions of the registry. Default: `false`. */
  readonly readOnly?: boolean | undefined;
}

/** Options of {@link MemoryRegistry.alloc}. */
export interface AllocOptions {
  /**
   * Only regions allocated with the same tag are reused. At most 255 bytes of UTF-8. Default: `''`.
   */
  readonly tag?: string | undefined;
  /**
   * Called once when the last holder, in any process, has released the region or died, and the
   * memory can be reused. It does not keep the process alive.
   */
  readonly onFree?: (() => void) | undefined;
}

/** The counters of a registry. */
export interface RegistryStats {
  /** Regions, including free ones. */
  readonly regions: number;
  /** Bytes of these regions. */
  readonly bytes: number;
  /** Regions that some process holds. */
  readonly inUse: number;
  /** Regions created since the registry was made. */
  readonly created: number;
  /** Allocations that reused a free region instead. */
  readonly reused: number;
}

interface Entry {
  readonly pin: NativePin;
  readonly bytes: number;
  readonly tag: string;
  /** When it was last seen in use, by performance.now(). */
  usedAt: number;
  /** The callback for when it is free. */
  watch: { readonly number: number; readonly onFree: () => void } | undefined;
}

const pageBytes = 4096;
/** Milliseconds between two checks for dead holders; each check costs about 10 us per holder. */
const purgeInterval = 20;
const defaultMaxBytes = 2 ** 30;
const defaultIdle = 30_000;
const maxIdle = 2 ** 31 - 1;
/** A free region may be this many times as large as the request. */
const mostTooLarge = 4;

/**
 * Allocates memory regions and reuses each one once no process holds it, so that a frame costs
 * neither system calls nor page faults. A registry belongs to the thread that made it.
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
   * Returns a region of at least `minBytes`: a free one of the same tag that is at most four times
   * as large, or else a new one, rounded up to pages and already touched, so that filling it causes
   * no page faults. A reused region contains leftovers of its last use. The caller releases the
   * region; it is reused once all of its receivers have released it, too.
   *
   * @throws InvalidArgumentError for a wrong argument; LimitExceededError, with `limit`, if all
   * regions are in use and another one would exceed `maxBytes`; OutOfMemoryError;
   * OutOfDescriptorsError; ClosedError after {@link close}.
   */
  alloc(minBytes: number, options: AllocOptions = {}): MemoryRegion {
    checkInteger('minBytes', minBytes, 1, limits.maxRegionBytes, 'bytes');
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

  /**
   * Gives regions that were unused for `idle` milliseconds (default: the option) back to the
   * system. Returns how many. The registry also does this periodically.
   */
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

  /** The counters at this moment. */
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
   * Gives all free regions back to the system; a region in use follows when its last holder
   * releases it. No `onFree` is called any more. Repeated calls do nothing.
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

  // The best fit.
  #findFree(bytes: number, tag: string): Entry | undefined {
    let best: Entry | undefined;
    for (const entry of this.#entries) {
      if (!fits(entry, bytes, tag) || (best !== undefined && best.bytes <= entry.bytes)) continue;
      if (this.#isFree(entry, false)) best = entry;
      if (best?.bytes === bytes) break;
    }
    return best;
  }

  // Makes room for a new region, or returns a fitting one that is free after all: its holder died,
  // or released it since findFree() looked.
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
    // The notification has not arrived yet.
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

  // The timer runs only while there are regions, and does not keep the process alive.
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
