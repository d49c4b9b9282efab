// A kernel object in the hands of a program: one descriptor, owned, on its way into or out of messages. It knows
// nothing of messages.
import { createReadStream, createWriteStream, type ReadStream, type WriteStream } from 'node:fs';
import { Socket } from 'node:net';
import {
  ClosedError,
  errorFromStatus,
  InvalidArgumentError,
  UnsupportedError,
} from '../errors/index.js';
import { addon, type NativeHandle } from '../native/addon.js';
import { checkBoolean, checkInteger, checkOptions, show } from '../options.js';
import { descriptorOf, isSocket, type ObjectSource } from './sources.js';

/** Options of {@link KernelObject.fromFd}. */
export interface FromFdOptions {
  /**
   * Own that very descriptor from now on, instead of a duplicate of it. Nobody else may close it then. Default:
   * `false`, `fd` stays the caller's.
   */
  readonly takeOver?: boolean | undefined;
}

/** Options of {@link KernelObject.toSocket}, as those of `net.Socket`. */
export interface ToSocketOptions {
  /** Keep the writable side open when the other side ends. Default: `false`. */
  readonly allowHalfOpen?: boolean | undefined;
}

/** The largest descriptor there can be. */
const maxFd = 2 ** 31 - 1;

let make: (handle: NativeHandle) => KernelObject;
let handleOf: (object: KernelObject) => NativeHandle;

/**
 * Owns one file descriptor: a file, pipe, socket, listening socket, memfd, eventfd or whatever else the kernel knows
 * by one. Made of a descriptor or of one of Node's own objects to be sent with a message, or found in
 * `message.objects`. Sending leaves it with the sender; the receiver gets a descriptor of its own on the same object.
 *
 * It is open until `close()`, `take()`, one of the `to…()` functions, `using` or, as a net, garbage collection.
 * Descriptors are close-on-exec.
 *
 * ```ts
 * using file = KernelObject.from(await open('clip.y4m'));
 * endpoint.send('viewer', 'the clip', { objects: [file] });
 * ```
 */
export class KernelObject implements Disposable {
  static {
    make = (handle) => new KernelObject(handle);
    handleOf = (object) => object.#open();
  }

  readonly #handle: NativeHandle;

  private constructor(handle: NativeHandle) {
    this.#handle = handle;
  }

  /**
   * The object behind a descriptor: a duplicate, unless `takeOver`.
   * @throws InvalidArgumentError if `fd` is no integer of 0 to 2,147,483,647 or is not open; OutOfDescriptorsError at
   * the process's limit. Nothing is taken over then.
   */
  static fromFd(fd: number, options: FromFdOptions = {}): KernelObject {
    checkOptions('fromFd()', options, ['takeOver']);
    checkInteger('fd', fd, 0, maxFd);
    const { takeOver = false } = options;
    checkBoolean('takeOver', takeOver);
    const made = takeOver ? addon.adoptDescriptor(fd) : addon.duplicateDescriptor(fd);
    return new KernelObject(owned(made, `descriptor ${fd}`));
  }

  /**
   * The object behind a `net.Socket`, `net.Server`, `dgram.Socket` or `fs.FileHandle`, duplicated: the source stays
   * open and the caller's. A socket's bytes that Node has read already, or still has to write, stay with it: pause it
   * before anything can arrive (`pauseOnConnect`), and let its writes end. A server's connections that wait to be
   * accepted go to whoever accepts first.
   * @throws InvalidArgumentError if it is none of these, or has no descriptor (not connected, listening, bound or open);
   * UnsupportedError for sockets on Windows.
   */
  static from(source: ObjectSource): KernelObject {
    const fd = descriptorOf(source);
    if (fd === undefined) {
      if (process.platform === 'win32' && isSocket(source)) {
        throw new UnsupportedError('sockets cannot be sent on Windows yet');
      }
      throw new InvalidArgumentError(
        `source is ${show(source)}; expected an open net.Socket, net.Server, dgram.Socket or fs.FileHandle`,
        { option: 'source' },
      );
    }
    return KernelObject.fromFd(fd);
  }

  /** Whether it was closed or its descriptor was taken. */
  get closed(): boolean {
    return !addon.isOpen(this.#handle);
  }

  /**
   * The descriptor; it stays this object's, so do not close it.
   * @throws ClosedError if it was closed or taken.
   */
  get fd(): number {
    return addon.descriptorOf(this.#open());
  }

  /**
   * The descriptor, which is the caller's to close from now on.
   * @throws ClosedError if it was closed or taken.
   */
  take(): number {
    return addon.takeDescriptor(this.#open());
  }

  /**
   * A second object on the same kernel object, with a descriptor of its own.
   * @throws ClosedError if it was closed or taken; OutOfDescriptorsError at the process's limit.
   */
  duplicate(): KernelObject {
    return new KernelObject(owned(addon.duplicateHandle(this.#open()), 'the object'));
  }

  /** Closes the descriptor. Repeated calls, and calls after `take()`, do nothing. */
  close(): void {
    addon.closeHandle(this.#handle);
  }

  /** Closes, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * A `net.Socket` on a connected TCP or Unix socket or a pipe, which owns the descriptor from now on.
   * @throws ClosedError if it was closed or taken; what `net.Socket` throws if it is none of these, and the object
   * stays open then.
   */
  toSocket(options: ToSocketOptions = {}): Socket {
    checkOptions('toSocket()', options, ['allowHalfOpen']);
    const { allowHalfOpen = false } = options;
    checkBoolean('allowHalfOpen', allowHalfOpen);
    const socket = new Socket({ fd: this.fd, readable: true, writable: true, allowHalfOpen });
    this.take();
    return socket;
  }

  /**
   * What `listen()` of a `net.Server`, `http.Server` and the like takes to accept on a listening socket. The server
   * owns the descriptor from then on; call `listen()` at once.
   * @throws ClosedError if it was closed or taken.
   */
  toListenOptions(): { readonly fd: number } {
    return { fd: this.take() };
  }

  /**
   * A stream that reads a file or pipe from where the descriptor stands, or from byte `start` of a file, and owns the
   * descriptor from now on. Whoever else has the file open shares its position.
   * @throws ClosedError if it was closed or taken.
   */
  toReadStream(options: { readonly start?: number; readonly end?: number } = {}): ReadStream {
    checkOptions('toReadStream()', options, ['start', 'end']);
    return createReadStream('', { ...options, fd: this.take(), autoClose: true });
  }

  /**
   * A stream that writes to a file or pipe, as {@link toReadStream} reads.
   * @throws ClosedError if it was closed or taken.
   */
  toWriteStream(options: { readonly start?: number } = {}): WriteStream {
    checkOptions('toWriteStream()', options, ['start']);
    return createWriteStream('', { ...options, fd: this.take(), autoClose: true });
  }

  #open(): NativeHandle {
    if (!addon.isOpen(this.#handle)) {
      throw new ClosedError('the kernel object was closed, or its descriptor was taken');
    }
    return this.#handle;
  }
}

/** @internal The object that owns a handle from now on. */
export function adoptHandle(handle: NativeHandle): KernelObject {
  return make(handle);
}

/** @internal The handle of an open object, which keeps it; throws ClosedError for a closed one. */
export function openHandle(object: KernelObject): NativeHandle {
  return handleOf(object);
}

function owned(made: NativeHandle | number, what: string): NativeHandle {
  if (typeof made !== 'number') return made;
  if (made === -1) throw new InvalidArgumentError(`${what} is not open`);
  throw errorFromStatus(-made);
}
