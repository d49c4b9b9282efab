// A memory region in the hands of a program: shared memory, counted, on its way into or out of messages. It knows
// nothing of messages.

import { Buffer } from 'node:buffer';
import { types } from 'node:util';
import { markInstances } from '../brand.js';
import {
  ClosedError,
  errorFromStatus,
  InvalidArgumentError,
  NoExternalBuffersError,
} from '../errors/index.js';
import {
  addon,
  type NativeRegion,
  type NativeRegionFields,
  regionFields,
} from '../native/addon.js';
import { checkBoolean, checkInteger, checkOptions, show } from '../options.js';
import { isDetached } from './detached.js';
import { viewsForbidden } from './view-ban.js';

/** The largest region, in bytes: what one ArrayBuffer can hold on every runtime. */
export const maxRegionBytes = 2 ** 32;

/** Options of {@link MemoryRegion.create}. */
export interface MemoryRegionOptions {
  /**
   * Whoever gets the region may only read it: the kernel refuses him every writable mapping and every write by its
   * descriptor. Default: `false`, all holders may write.
   */
  readonly readOnly?: boolean | undefined;
}

/** A part of a region, to be sent instead of all of it; made by {@link MemoryRegion.range}. */
export interface RegionRange {
  readonly region: MemoryRegion;
  /** Bytes from the beginning of `region`. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

let makeRegion: (fields: NativeRegionFields, at: number) => MemoryRegion;
let handleOfRegion: (region: MemoryRegion) => NativeRegion;

// Who keeps a buffer from being emptied: all who handed out views of it. As long as a view is alive, so are they.
const viewers = new WeakMap<ArrayBuffer, Set<MemoryRegion>>();

/**
 * Holds shared memory, or a part of it, that goes to other processes without being copied. Made by
 * {@link MemoryRegion.create} or by `MemoryRegistry.alloc()`, sent with `{ regions: [region] }`, or found in
 * `message.regions`.
 *
 * Each `MemoryRegion` is one counted reference. It is held until `release()`, `using` or, as a net, garbage
 * collection; the memory goes back to the system, or to its registry, when nobody holds it in any process. A process
 * that dies lets go of all it held. Sending leaves the region with the sender; the receiver gets a reference of its
 * own. All holders see the same bytes at once: agree on who writes when, as by releasing what you have sent.
 *
 * ```ts
 * using frame = MemoryRegion.create(8 << 20);
 * frame.bytes.fill(255);
 * endpoint.send('viewer', 'a frame', { regions: [frame] });
 * ```
 */
export class MemoryRegion implements Disposable {
  static {
    makeRegion = (fields, at) => new MemoryRegion(fields, at);
    handleOfRegion = (region) => region.#held();
  }

  /** Names the memory, the same in all processes; a random integer. */
  readonly id: number;
  /** Bytes that this object is about: all of the memory, or the part that was sent. */
  readonly size: number;
  /** Where in the memory this object's bytes begin. 0 unless a part was sent. */
  readonly byteOffset: number;
  /**
   * What is written does not reach the other holders: the sender allowed reading only. `bytes` may be written to
   * nevertheless; a page that was is this process's own from then on and shows no changes of the others any more.
   */
  readonly readOnly: boolean;

  readonly #handle: NativeRegion;
  #released = false;
  #buffer: ArrayBuffer | undefined;

  private constructor(fields: NativeRegionFields, at: number) {
    this.#handle = fields[at] as NativeRegion;
    this.id = fields[at + 1] as number;
    this.byteOffset = fields[at + 2] as number;
    this.size = fields[at + 3] as number;
    this.readOnly = fields[at + 4] === false;
  }

  /**
   * New memory of `bytes` zeros; its pages are taken from the system when they are first touched. A program that
   * needs many should take them from a `MemoryRegistry`.
   * @throws InvalidArgumentError if `bytes` is no integer of 1 to 4,294,967,296; OutOfMemoryError;
   * OutOfDescriptorsError (a region needs two descriptors).
   */
  static create(bytes: number, options: MemoryRegionOptions = {}): MemoryRegion {
    checkInteger('bytes', bytes, 1, maxRegionBytes, 'bytes');
    const { readOnly = false } = checkOptions('create()', options, ['readOnly']);
    checkBoolean('readOnly', readOnly);
    return new MemoryRegion(fieldsOf(addon.createRegion(bytes, readOnly, false)), 0);
  }

  /** Whether `release()` was called. */
  get released(): boolean {
    return this.#released;
  }

  /**
   * How many references there are in all processes, those of messages under way included: 1 if only this one is
   * left. A snapshot that may be old at once; 0 after `release()`.
   */
  get refCount(): number {
    return addon.regionReferences(this.#handle);
  }

  /**
   * A view of the shared bytes themselves, page-aligned where the part begins on a page; the same memory for
   * everybody who holds the region, and the same ArrayBuffer each time in one thread. It cannot be transferred or
   * resized, and it is empty once this thread has released every `MemoryRegion` of that memory that it has viewed.
   * @throws ClosedError after `release()`; NoExternalBuffersError in Electron, where {@link read} and {@link write}
   * do the same by copying.
   */
  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#view('bytes'), this.byteOffset, this.size);
  }

  /**
   * A view of `length` bytes from `offset` on, as {@link bytes}.
   * @throws InvalidArgumentError if it reaches beyond the end. Everything that {@link bytes} throws.
   */
  map(offset: number, length: number): Uint8Array<ArrayBuffer> {
    this.#checkRange(offset, length);
    return new Uint8Array(this.#view('map()'), this.byteOffset + offset, length);
  }

  /**
   * Copies from the region, from `offset` on, until `target` is full. Works everywhere.
   * @throws InvalidArgumentError if there are not so many bytes; ClosedError after `release()`.
   */
  read(target: Uint8Array, offset = 0): void {
    this.#checkArray('target', target);
    this.#checkRange(offset, target.length);
    this.#check(addon.readRegion(this.#held(), offset, target));
  }

  /**
   * Copies all of `source` into the region, from `offset` on. Works everywhere. In a {@link readOnly} region only
   * this process sees it.
   * @throws InvalidArgumentError if it has no room; ClosedError after `release()`.
   */
  write(source: Uint8Array, offset = 0): void {
    this.#checkArray('source', source);
    this.#checkRange(offset, source.length);
    this.#check(addon.writeRegion(this.#held(), offset, source));
  }

  /**
   * A copy of `length` bytes from `offset` on (default: all that follows) in memory of the caller's own.
   * @throws as {@link read}.
   */
  copy(offset = 0, length = this.size - offset): Uint8Array<ArrayBuffer> {
    this.#checkRange(offset, length);
    const bytes = Buffer.allocUnsafeSlow(length) as Buffer<ArrayBuffer>;
    const copy = new Uint8Array(bytes.buffer, bytes.byteOffset, length);
    this.#check(addon.readRegion(this.#held(), offset, copy));
    return copy;
  }

  /**
   * A part of this region for `regions` of a message; the receiver's region has `length` bytes. No reference: this
   * object has to be held until it is sent.
   * @throws InvalidArgumentError if it is empty or reaches beyond the end; ClosedError after `release()`.
   */
  range(offset: number, length: number): RegionRange {
    this.#held();
    this.#checkRange(offset, length);
    checkInteger('length', length, 1, this.size, 'bytes');
    return Object.freeze({ region: this, offset, length });
  }

  /**
   * A second reference to the same bytes, to be released on its own.
   * @throws ClosedError after `release()`.
   */
  duplicate(): MemoryRegion {
    return new MemoryRegion(fieldsOf(addon.duplicateRegion(this.#held())), 0);
  }

  /**
   * Lets go. The views of this thread are emptied unless another `MemoryRegion` here has handed out views of the
   * same memory. Repeated calls do nothing. An asynchronous call of Node that works on a view has to be over: one of zlib
   * ends the process when its memory goes, as with every `ArrayBuffer` that is detached under it.
   */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    if (this.#buffer !== undefined) viewers.get(this.#buffer)?.delete(this);
    this.#buffer = undefined;
    addon.releaseRegion(this.#handle);
  }

  /** Releases, for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  #held(): NativeRegion {
    if (this.#released) throw new ClosedError(`memory region ${this.id} was released here`);
    return this.#handle;
  }

  #view(what: string): ArrayBuffer {
    const handle = this.#held();
    if (this.#buffer !== undefined) return this.#buffer;
    const made = viewsForbidden ? -noExternalBuffers : addon.regionBuffer(handle);
    if (made === -noExternalBuffers) {
      throw new NoExternalBuffersError(
        `${what} of memory region ${this.id}: this runtime allows no views of shared memory; use read(), write() or copy()`,
      );
    }
    if (typeof made === 'number') throw errorFromStatus(-made);
    this.#buffer = made;
    let all = viewers.get(made);
    if (all === undefined) {
      all = new Set();
      viewers.set(made, all);
    }
    all.add(this);
    return made;
  }

  #checkRange(offset: number, length: number): void {
    checkInteger('offset', offset, 0, this.size, 'bytes');
    checkInteger('length', length, 0, this.size - offset, 'bytes');
  }

  #checkArray(option: string, array: unknown): void {
    if (types.isUint8Array(array) && !isDetached(array.buffer)) return;
    const found = types.isUint8Array(array) ? 'an array whose memory was transferred' : show(array);
    throw new InvalidArgumentError(`${option} is ${found}; expected a Uint8Array`, {
      option,
    });
  }

  #check(status: number): void {
    if (status !== 0) throw errorFromStatus(-status);
  }
}

/** The number of NoExternalBuffers in the error list. */
const noExternalBuffers = 27;

/** @internal The regions of native references, which they own from now on. */
export function adoptRegions(fields: NativeRegionFields): MemoryRegion[] {
  const regions: MemoryRegion[] = [];
  for (let at = 0; at < fields.length; at += regionFields) regions.push(makeRegion(fields, at));
  return regions;
}

/** @internal The native reference of a region, which keeps it; throws ClosedError for a released one. */
export function heldRegion(region: MemoryRegion): NativeRegion {
  return handleOfRegion(region);
}

/** @internal What a native call made, or its error. */
export function fieldsOf(made: NativeRegionFields | number): NativeRegionFields {
  if (typeof made === 'number') throw errorFromStatus(-made, addon.lastFailure());
  return made;
}

markInstances(MemoryRegion);
