// A kernel object in the hands of a program: one descriptor, owned, on its way into or out of messages. It knows
// nothing of messages.

import { Socket as DatagramSocket } from 'node:dgram';
import { createReadStream, createWriteStream, type ReadStream, type WriteStream } from 'node:fs';
import { Server, Socket, type SocketConstructorOpts } from 'node:net';
import { markInstances } from '../brand.js';
import {
  ClosedError,
  errorFromStatus,
  InvalidArgumentError,
  OutOfDescriptorsError,
  OutOfMemoryError,
  UnsupportedError,
} from '../errors/index.js';
import { addon, type NativeHandle } from '../native/addon.js';
import { checkBoolean, checkInteger, checkOptions, show } from '../options.js';
import { descriptorOf, isSocket, type ObjectSource } from './sources.js';
import { duplicateSocket, openSocket } from './windows-sockets.js';

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
/** The largest name of a Mach port; the next one is `MACH_PORT_DEAD`. */
const maxMachPort = 2 ** 32 - 2;

/** What to do where `fd` and `take()` cannot help. */
const insteadOf = {
  socket: 'a socket on Windows; use toSocket() or toListenOptions()',
  'mach-port': 'a Mach port; use machPort or takeMachPort()',
  unusable: 'its sender sent what no program can use',
};

/** What a program knows an object by, in the order of the addon's numbers. */
const kinds = ['descriptor', 'socket', 'mach-port', 'unusable'] as const;

/**
 * What a {@link KernelObject} is known by: a file descriptor; a socket without one (Windows); a Mach port (macOS);
 * nothing that a program could use, which only a broken or hostile peer sends.
 */
export type KernelObjectKind = (typeof kinds)[number];

let make: (handle: NativeHandle) => KernelObject;
let handleOf: (object: KernelObject) => NativeHandle;

/**
 * Owns one file descriptor: a file, pipe, socket, listening socket, memfd, eventfd or whatever else the kernel knows
 * by one; on macOS also a right to send to a Mach port. Made of a descriptor or of one of Node's own objects to be sent
 * with a message, or found in `message.objects`. Sending leaves it with the sender; the receiver gets a descriptor of its
 * own on the same object.
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
   * UnsupportedError on Windows for a `dgram.Socket`, and for a pipe.
   */
  static from(source: ObjectSource): KernelObject {
    if (process.platform === 'win32' && isSocket(source)) {
      return new KernelObject(owned(socketHandle(source), 'the socket'));
    }
    const fd = descriptorOf(source);
    if (fd !== undefined) return KernelObject.fromFd(fd);
    throw notOpen(source);
  }

  /**
   * A second right to send to the Mach port of that name in this process (macOS); `name` stays the caller's. Such names
   * come from native addons: Node itself has none.
   * @throws InvalidArgumentError if `name` is no integer of 1 to 4,294,967,294 or this process has no right to send
   * there; UnsupportedError on other systems.
   */
  static fromMachPort(name: number): KernelObject {
    checkInteger('name', name, 1, maxMachPort);
    return new KernelObject(owned(addon.duplicateMachPort(name), `Mach port ${name}`));
  }

  /**
   * What it is known by.
   * @throws ClosedError if it was closed or taken.
   */
  get kind(): KernelObjectKind {
    return kinds[addon.kindOf(this.#open())] ?? 'unusable';
  }

  /** Whether it was closed or its descriptor was taken. */
  get closed(): boolean {
    return !addon.isOpen(this.#handle);
  }

  /**
   * The descriptor; it stays this object's, so do not close it.
   * @throws ClosedError if it was closed or taken; UnsupportedError if it is of another {@link kind}.
   */
  get fd(): number {
    return this.#descriptor(addon.descriptorOf(this.#open()));
  }

  /**
   * The descriptor, which is the caller's to close from now on.
   * @throws ClosedError if it was closed or taken; UnsupportedError if it is of another {@link kind}.
   */
  take(): number {
    return this.#descriptor(addon.takeDescriptor(this.#open()));
  }

  /**
   * The name of the Mach port, of which this object keeps a right to send; 4,294,967,295 (`MACH_PORT_DEAD`) of a port
   * that was gone when it arrived.
   * @throws ClosedError if it was closed or taken; UnsupportedError if it is of another {@link kind}.
   */
  get machPort(): number {
    this.#checkMachPort();
    return addon.numberOf(this.#handle);
  }

  /**
   * The same, a right which is the caller's to give back (`mach_port_deallocate`) from now on.
   * @throws As {@link machPort}.
   */
  takeMachPort(): number {
    this.#checkMachPort();
    const name = addon.takeNumber(this.#handle);
    if (name >= 0) return name;
    throw new OutOfMemoryError('the kernel has no room for another right to the Mach port');
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
   * stays open then (on Windows InvalidArgumentError for a socket that is none of TCP).
   */
  toSocket(options: ToSocketOptions = {}): Socket {
    checkOptions('toSocket()', options, ['allowHalfOpen']);
    const { allowHalfOpen = false } = options;
    checkBoolean('allowHalfOpen', allowHalfOpen);
    const both = { readable: true, writable: true, allowHalfOpen };
    if (this.#isBareSocket()) {
      const handle = openSocket(this.#handle, 'connection');
      // Undocumented, and what Node's own servers do.
      return new Socket({ handle, ...both } as SocketConstructorOpts);
    }
    const socket = new Socket({ fd: this.fd, ...both });
    this.take();
    return socket;
  }

  /**
   * What `listen()` of a `net.Server`, `http.Server` and the like takes to accept on a listening socket. The server
   * owns the descriptor from then on; call `listen()` at once.
   * @throws ClosedError if it was closed or taken; on Windows InvalidArgumentError for a socket that is none of TCP.
   */
  toListenOptions(): { readonly fd?: number } {
    if (this.#isBareSocket()) return { _handle: openSocket(this.#handle, 'server') } as object;
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

  /** A socket without a descriptor. */
  #isBareSocket(): boolean {
    return this.kind === 'socket';
  }

  #descriptor(fd: number): number {
    if (fd >= 0) return fd;
    const { kind } = this;
    if (kind !== 'descriptor') {
      throw new UnsupportedError(`the kernel object has no descriptor: ${insteadOf[kind]}`);
    }
    throw new OutOfDescriptorsError('this process is at its limit of descriptors');
  }

  #checkMachPort(): void {
    const { kind } = this;
    if (kind === 'mach-port') return;
    throw new UnsupportedError(`the kernel object is no Mach port, but of kind '${kind}'`);
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

function socketHandle(source: Socket | Server | DatagramSocket): NativeHandle | number {
  if (source instanceof DatagramSocket) {
    throw new UnsupportedError(
      'a dgram.Socket cannot be sent on Windows: Node has no way to receive one there',
    );
  }
  const isOpen = source instanceof Server ? source.listening : !source.pending && !source.destroyed;
  if (!isOpen) throw notOpen(source);
  const made = duplicateSocket(source);
  if (made !== undefined) return made;
  throw new UnsupportedError('only sockets of TCP can be sent on Windows; this one is a pipe');
}

function notOpen(source: unknown): InvalidArgumentError {
  return new InvalidArgumentError(
    `source is ${show(source)}; expected an open net.Socket, net.Server, dgram.Socket or fs.FileHandle`,
    { option: 'source' },
  );
}

function owned(made: NativeHandle | number, what: string): NativeHandle {
  if (typeof made !== 'number') return made;
  if (made === -1) throw new InvalidArgumentError(`${what} is not open`);
  throw errorFromStatus(-made);
}

markInstances(KernelObject);
