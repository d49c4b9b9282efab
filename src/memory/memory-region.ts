// A memory region as a program holds it: shared memory with counted references, attached to
// messages or received with them. This file knows no messages.
import { Buffer } from 'node:buffer';
import { types } from 'node:util';
import { markInstances } from '../brand.js';
import { checkBoolean, checkInteger, checkOptions, show } from '../checks.js';
import {
  ClosedError,
  errorFromStatus,
  InvalidArgumentError,
  NoExternalBuffersError,
  statusOf,
} from '../errors/index.js';
import { limits } from '../limits.js';
import {
  addon,
  type NativeRegion,
  type NativeRegionFields,
  regionFields,
} from '../native/addon.js';
import { viewsForbidden } from '../native/host.js';
import { isDetached } from './detached.js';

/** Options of {@link MemoryRegion.create}. */
export interface MemoryRegionOptions {
  /**
   * Receivers of the region may only read it: the kernel refuses them every writable mapping and
   * every write through its descriptor. Default: `false`, all holders may write.
   */
  readonly readOnly?: boolean | undefined;
}

/**
 * A part of a region, to be sent instead of the whole region; made by {@link MemoryRegion.range}.
 */
export interface RegionRange {
  /** The region that it is a part of. */
  readonly region: MemoryRegion;
  /** Bytes from the beginning of `region`. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

let makeRegion: (fields: NativeRegionFields, at: number) => MemoryRegion;
let handleOfRegion: (region: MemoryRegion) => NativeRegion;

// The regions that have handed out views of a buffer: they keep it from being detached, and live as
// long as a view of it does.
const viewers = new WeakMap<ArrayBuffer, Set<MemoryRegion>>();

/**
 * A counted reference to shared memory, or to a part of it, that goes to other processes without
 * being copied. Made by {@link MemoryRegion.create} or `MemoryRegistry.alloc()`, sent with `{
 * regions: [region] }`, received in `message.regions`.
 *
 * The reference is held until `release()`, `using` or, as a safety net, garbage collection. Once no
 * process holds a reference, the memory goes back to the system or to its registry; a process that
 * dies releases all of its references. Sending leaves the sender its reference; the receiver gets
 * one of its own. All holders see the same bytes at once, so agree on who writes when: for example,
 * release a region after sending it.
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

  /** A random integer that identifies the memory; the same in all processes. */
  readonly id: number;
  /** Bytes that this object covers: all of the memory, or the part that was sent. */
  readonly size: number;
  /** Where in the memory this object's bytes begin: 0 unless a part was sent. */
  readonly byteOffset: number;
  /**
   * Whether writes stay in this process, because the sender allowed only reading. `bytes` can still
   * be written to: a written page becomes a private copy and shows no later changes by other
   * holders.
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
   * Allocates `bytes` of zeroed memory; the system provides a page when it is first touched. A
   * program that allocates often should use a `MemoryRegistry`.
   * @throws InvalidArgumentError if `bytes` is not an integer of 1 to 4,294,967,296;
   * OutOfMemoryError; OutOfDescriptorsError (a region needs two descriptors).
   */
  static create(bytes: number, options: MemoryRegionOptions = {}): MemoryRegion {
    checkInteger('bytes', bytes, 1, limits.maxRegionBytes, 'bytes');
    const { readOnly = false } = checkOptions('create()', options, ['readOnly']);
    checkBoolean('readOnly', readOnly);
    return new MemoryRegion(fieldsOf(addon.createRegion(bytes, readOnly)), 0);
  }

  /** Whether `release()` was called. */
  get released(): boolean {
    return this.#released;
  }

  /**
   * References in all processes, including those of messages in flight: 1 if this is the only one;
   * 0 after `release()`. A snapshot, which may be outdated at once.
   */
  get refCount(): number {
    return addon.regionReferences(this.#handle);
  }

  /**
   * A view of the shared bytes, page-aligned where the part begins on a page. All holders of the
   * region see the same memory, and a thread gets the same ArrayBuffer each time. The buffer cannot
   * be transferred or resized. It is detached once this thread has released every `MemoryRegion` of
   * that memory whose bytes it viewed.
   * @throws ClosedError after `release()`; NoExternalBuffersError in Electron, where {@link read}
   * and {@link write} do the same by copying.
   */
  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#view('bytes'), this.byteOffset, this.size);
  }

  /**
   * A view of `length` bytes from `offset` on, like {@link bytes}.
   * @throws InvalidArgumentError if it reaches beyond the end; otherwise as {@link bytes}.
   */
  map(offset: number, length: number): Uint8Array<ArrayBuffer> {
    this.#checkRange(offset, length);
    return new Uint8Array(this.#view('map()'), this.byteOffset + offset, length);
  }

  /**
   * Copies from the region, from `offset` on, until `target` is full. Works in every runtime.
   * @throws InvalidArgumentError if the region has fewer bytes; ClosedError after `release()`.
   */
  read(target: Uint8Array, offset = 0): void {
    this.#checkArray('target', target);
    this.#checkRange(offset, target.length);
    this.#check(addon.readRegion(this.#held(), offset, target));
  }

  /**
   * Copies all of `source` into the region, from `offset` on. Works in every runtime. In a {@link
   * readOnly} region only this process sees the bytes.
   * @throws InvalidArgumentError if they do not fit; ClosedError after `release()`.
   */
  write(source: Uint8Array, offset = 0): void {
    this.#checkArray('source', source);
    this.#checkRange(offset, source.length);
    this.#check(addon.writeRegion(this.#held(), offset, source));
  }

  /**
   * A copy of `length` bytes from `offset` on (default: to the end), in memory of its own.
   * @throws As {@link read}.
   */
  copy(offset = 0, length = this.size - offset): Uint8Array<ArrayBuffer> {
    this.#checkRange(offset, length);
    const bytes = Buffer.allocUnsafeSlow(length) as Buffer<ArrayBuffer>;
    const copy = new Uint8Array(bytes.buffer, bytes.byteOffset, length);
    this.#check(addon.readRegion(this.#held(), offset, copy));
    return copy;
  }

  /**
   * A part of this region for `regions` of a message; the receiver's region has `length` bytes. A
   * range is not a reference: hold this region until the range is sent.
   * @throws InvalidArgumentError if it is empty or reaches beyond the end; ClosedError after
   * `release()`.
   */
  range(offset: number, length: number): RegionRange {
    this.#held();
    this.#checkRange(offset, length);
    checkInteger('length', length, 1, this.size, 'bytes');
    return Object.freeze({ region: this, offset, length });
  }

  /**
   * Returns a second reference to the same bytes, which is released separately.
   * @throws ClosedError after `release()`.
   */
  duplicate(): MemoryRegion {
    return new MemoryRegion(fieldsOf(addon.duplicateRegion(this.#held())), 0);
  }

  /**
   * Releases the reference. This thread's views are detached unless another `MemoryRegion` here has
   * handed out views of the same memory. Repeated calls do nothing. Wait first for any asynchronous
   * Node call that works on a view: zlib crashes the process when its memory disappears, as with
   * any `ArrayBuffer` that is detached.
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

const noExternalBuffers = statusOf('NoExternalBuffers');

/** @internal Makes the regions of native references and takes ownership of them. */
export function adoptRegions(fields: NativeRegionFields): MemoryRegion[] {
  const regions: MemoryRegion[] = [];
  for (let at = 0; at < fields.length; at += regionFields) regions.push(makeRegion(fields, at));
  return regions;
}

/**
 * @internal The native reference of a region, which stays the region's. @throws ClosedError if
 * released.
 */
export function heldRegion(region: MemoryRegion): NativeRegion {
  return handleOfRegion(region);
}

/** @internal Unwraps the result of a native call, or throws its error. */
export function fieldsOf(made: NativeRegionFields | number): NativeRegionFields {
  if (typeof made === 'number') throw errorFromStatus(-made, addon.lastFailure());
  return made;
}

markInstances(MemoryRegion);
