// Reuses the memory of regions once no process holds them. Native code keeps the regions and decides
// which one is reused; this file checks arguments, calls onFree and has the timer. It knows no
// messages.
import { clearTimeout, setTimeout } from 'node:timers'; // those of Jest's jsdom are numbers
import { markInstances } from '../brand.js';
import { checkBoolean, checkInteger, checkOptions, checkString, show } from '../checks.js';
import {
  ClosedError,
  InvalidArgumentError,
  LimitExceededError,
  statusOf,
} from '../errors/index.js';
import { limits } from '../limits.js';
import { addon, type NativeRegistry } from '../native/addon.js';
import { callFreed, forgetFree, onceFree } from './freed-regions.js';
import { adoptRegions, fieldsOf, type MemoryRegion } from './memory-region.js';

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

/** The longest delay of a timer. */
const maxIdle = 2 ** 31 - 1;

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
  readonly #registry: NativeRegistry;
  /** Of regions whose `onFree` was not called yet. */
  readonly #waiting = new Set<number>();
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  /** @throws InvalidArgumentError for an option out of its range. */
  constructor(options: MemoryRegistryOptions = {}) {
    const own = checkOptions('MemoryRegistry', options, ['maxBytes', 'idle', 'readOnly']);
    const { registryBytes, registryIdle, regionPageBytes } = limits;
    const { maxBytes = registryBytes, idle = registryIdle, readOnly = false } = own;
    checkInteger('maxBytes', maxBytes, regionPageBytes, Number.MAX_SAFE_INTEGER, 'bytes');
    checkInteger('idle', idle, 0, maxIdle, 'milliseconds');
    checkBoolean('readOnly', readOnly);
    this.#maxBytes = maxBytes;
    this.#idle = idle;
    this.#registry = addon.createRegistry(maxBytes, idle, readOnly);
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
    checkString('tag', tag, 0, limits.maxTagBytes);
    if (onFree !== undefined && typeof onFree !== 'function') {
      throw new InvalidArgumentError(`onFree is ${show(onFree)}; expected a function`, {
        option: 'onFree',
      });
    }
    if (this.#closed) throw new ClosedError('the memory registry is closed');
    const number = onFree === undefined ? 0 : this.#waitFor(onFree);
    const made = addon.allocRegion(this.#registry, minBytes, tag, number);
    this.#callFreed();
    if (typeof made === 'number') {
      this.#forget(number);
      if (made === -statusOf('LimitExceeded')) throw this.#full(minBytes);
    }
    this.#schedule();
    return adoptRegions(fieldsOf(made))[0] as MemoryRegion;
  }

  /**
   * Gives regions that were unused for `idle` milliseconds (default: the option) back to the
   * system. Returns how many. The registry also does this periodically.
   */
  maintain(idle: number = this.#idle): number {
    checkInteger('idle', idle, 0, maxIdle, 'milliseconds');
    const removed = addon.maintainRegistry(this.#registry, idle);
    this.#callFreed();
    return removed;
  }

  /** The counters at this moment. */
  get stats(): RegistryStats {
    const [regions, bytes, inUse, created, reused] = addon.registryStats(this.#registry);
    this.#callFreed();
    return { regions, bytes, inUse, created, reused };
  }

  /**
   * Gives all free regions back to the system; a region in use follows when its last holder
   * releases it. No `onFree` is called any more. Repeated calls do nothing.
   */
  close(): void {
    this.#closed = true;
    for (const number of this.#waiting) this.#forget(number);
    addon.clearRegistry(this.#registry);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Closes, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #waitFor(onFree: () => void): number {
    const number = onceFree(() => {
      this.#waiting.delete(number);
      onFree();
    });
    this.#waiting.add(number);
    return number;
  }

  #forget(number: number): void {
    this.#waiting.delete(number);
    forgetFree(number);
  }

  // The call has found out that regions are free, perhaps before the listener is called.
  #callFreed(): void {
    if (this.#waiting.size > 0) callFreed();
  }

  #full(minBytes: number): LimitExceededError {
    const bytes = Math.ceil(minBytes / limits.regionPageBytes) * limits.regionPageBytes;
    return new LimitExceededError(
      `the memory registry has ${this.stats.bytes} bytes in use and cannot allocate ${bytes} more; its limit is ${this.#maxBytes}`,
      { option: 'maxBytes', value: bytes, limit: this.#maxBytes },
    );
  }

  // The timer runs only while there are regions, and does not keep the process alive.
  #schedule(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.maintain();
        if (this.stats.regions > 0) this.#schedule();
      },
      Math.max(this.#idle, 100),
    ).unref();
  }
}

markInstances(MemoryRegistry);
