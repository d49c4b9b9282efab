// A kernel object as a program holds it: it owns one descriptor and is attached to messages or
// received with them. This file knows no messages.
import { Socket as DatagramSocket } from 'node:dgram';
import { createReadStream, createWriteStream } from 'node:fs';
import { Server, Socket, type SocketConstructorOpts } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { markInstances } from '../brand.js';
import { checkBoolean, checkInteger, checkOptions, show } from '../checks.js';
import {
  ClosedError,
  errorFromStatus,
  InvalidArgumentError,
  OutOfDescriptorsError,
  OutOfMemoryError,
  statusOf,
  UnsupportedError,
} from '../errors/index.js';
import { addon, type NativeHandle } from '../native/addon.js';
import { checkSource, descriptorOf, isSocket, type ObjectSource } from './sources.js';
import { isStreamed } from './streamed.js';
import { duplicateSocket, openSocket } from './windows-sockets.js';

/** Options of {@link KernelObject.fromFd}. */
export interface FromFdOptions {
  /**
   * Takes ownership of this very descriptor instead of duplicating it; nobody else may close it
   * then. Default: `false`, `fd` stays the caller's.
   */
  readonly takeOver?: boolean | undefined;
}

/** Options of {@link KernelObject.toSocket}, as for `net.Socket`. */
export interface ToSocketOptions {
  /** Keep the writable side open when the other side ends. Default: `false`. */
  readonly allowHalfOpen?: boolean | undefined;
}

/** The directions of a `net.Socket`. */
interface Ways {
  readonly readable: boolean;
  readonly writable: boolean;
  readonly allowHalfOpen: boolean;
}

/** The largest possible descriptor. */
const maxFd = 2 ** 31 - 1;
/** The largest name of a Mach port; the next one is `MACH_PORT_DEAD`. */
const maxMachPort = 2 ** 32 - 2;

/** The advice for `fd` and `take()` of an object without a descriptor. */
const insteadOf = {
  socket: 'a socket on Windows; use toSocket() or toListenOptions()',
  'mach-port': 'a Mach port; use machPort or takeMachPort()',
  unusable: 'its sender sent what no program can use',
};

/** How a program identifies an object, in the order of the addon's numbers. */
const kinds = ['descriptor', 'socket', 'mach-port', 'unusable'] as const;

/**
 * How a {@link KernelObject} is identified: by a file descriptor; as a socket without a descriptor
 * (Windows); as a Mach port (macOS); or `unusable`, which only a broken or hostile peer sends.
 */
export type KernelObjectKind = (typeof kinds)[number];

let make: (handle: NativeHandle) => KernelObject;
let handleOf: (object: KernelObject) => NativeHandle;

/**
 * Owns one file descriptor: a file, pipe, socket, listening socket, memfd, eventfd or anything else
 * that has one; on macOS also a right to send to a Mach port. Made from a descriptor or one of
 * Node's own objects to be sent with a message, or received in `message.objects`. Sending leaves
 * the sender its object; the receiver gets a descriptor of its own for the same kernel object.
 *
 * It is open until `close()`, `take()`, one of the `to…()` functions, `using` or, as a safety net,
 * garbage collection. Descriptors are close-on-exec.
 *
 * ```ts
 * const handle = await open('clip.y4m');
 * using file = KernelObject.from(handle);
 * await handle.close(); // the object has a descriptor of its own
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
   * Makes an object of a descriptor: a duplicate, unless `takeOver`.
   * @throws InvalidArgumentError if `fd` is not an integer of 0 to 2,147,483,647 or is not open;
   * OutOfDescriptorsError at the process's limit. After an error, `fd` is still the caller's.
   */
  static fromFd(fd: number, options: FromFdOptions = {}): KernelObject {
    const own = checkOptions('fromFd()', options, ['takeOver']);
    checkInteger('fd', fd, 0, maxFd);
    const { takeOver = false } = own;
    checkBoolean('takeOver', takeOver);
    const made = takeOver ? addon.adoptDescriptor(fd) : addon.duplicateDescriptor(fd);
    return new KernelObject(owned(made, `descriptor ${fd}`));
  }

  /**
   * Makes an object of a duplicate of a `net.Socket`, `net.Server`, `dgram.Socket` or
   * `fs.FileHandle`. The source stays open and is the caller's to close. (Node warns about a
   * `FileHandle` that was not closed, and since version 26 ends the process.) A connection that
   * waits on a server goes to whichever process accepts first.
   * @throws InvalidArgumentError if the source is none of these, or has no descriptor (not
   * connected, listening, bound or open, or a server in a worker of `node:cluster`, whose socket
   * the primary has); if it is a socket of which Node has buffered bytes that the receiver would
   * lack: unread ones (`readableLength`; pause it before anything can arrive, as `pauseOnConnect`
   * does, or read them and send them along) or unwritten ones; if it is a `TLSSocket`, whose keys
   * cannot be sent. UnsupportedError on Windows for a `dgram.Socket`, and for a pipe.
   */
  static from(source: ObjectSource): KernelObject {
    checkSource(source);
    if (process.platform === 'win32' && isSocket(source)) {
      return new KernelObject(owned(socketHandle(source), 'the socket'));
    }
    const fd = descriptorOf(source);
    if (fd !== undefined) return KernelObject.fromFd(fd);
    throw notOpen(source);
  }

  /**
   * Makes a second right to send to the Mach port with that name in this process (macOS); `name`
   * stays the caller's. Native addons provide such names; Node itself has none.
   * @throws InvalidArgumentError if `name` is not an integer of 1 to 4,294,967,294 or this process
   * has no right to send to the port; UnsupportedError on other systems.
   */
  static fromMachPort(name: number): KernelObject {
    checkInteger('name', name, 1, maxMachPort);
    return new KernelObject(owned(addon.duplicateMachPort(name), `Mach port ${name}`));
  }

  /**
   * How the object is identified.
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
   * The descriptor. It stays this object's, so do not close it.
   * @throws ClosedError if it was closed or taken; UnsupportedError if the {@link kind} is another.
   */
  get fd(): number {
    return this.#descriptor(addon.descriptorOf(this.#open()));
  }

  /**
   * The descriptor, which the caller owns from now on.
   * @throws ClosedError if it was closed or taken; UnsupportedError if the {@link kind} is another.
   */
  take(): number {
    return this.#descriptor(addon.takeDescriptor(this.#open()));
  }

  /**
   * The name of the Mach port; this object keeps its right to send. 4,294,967,295
   * (`MACH_PORT_DEAD`) if the port had been destroyed before it arrived.
   * @throws ClosedError if it was closed or taken; UnsupportedError if the {@link kind} is another.
   */
  get machPort(): number {
    this.#checkMachPort();
    return addon.numberOf(this.#handle);
  }

  /**
   * The name of the Mach port with its right to send, which the caller owns from now on and gives
   * back with `mach_port_deallocate`.
   * @throws As {@link machPort}.
   */
  takeMachPort(): number {
    this.#checkMachPort();
    const name = addon.takeNumber(this.#handle);
    if (name >= 0) return name;
    throw new OutOfMemoryError('the kernel has no room for another right to the Mach port');
  }

  /**
   * Returns a second object for the same kernel object, with a descriptor of its own.
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
   * Returns a `net.Socket` for a connected TCP or Unix socket or a pipe. It owns the descriptor
   * from now on.
   * @throws ClosedError if it was closed or taken; for any other object the error of `net.Socket`
   * (on Windows InvalidArgumentError for a socket that is not TCP), and the object stays open.
   */
  toSocket(options: ToSocketOptions = {}): Socket {
    const { allowHalfOpen = false } = checkOptions('toSocket()', options, ['allowHalfOpen']);
    checkBoolean('allowHalfOpen', allowHalfOpen);
    return this.#socket({ readable: true, writable: true, allowHalfOpen });
  }

  /**
   * Returns the argument for `listen()` of a `net.Server`, `http.Server` and the like, to accept on
   * a listening socket. The server owns the descriptor from then on; call `listen()` at once.
   * @throws ClosedError if it was closed or taken; on Windows InvalidArgumentError for a socket
   * that is not TCP.
   */
  toListenOptions(): {
    /** The descriptor; on Windows absent, since the socket has none. */
    readonly fd?: number;
  } {
    if (this.#isBareSocket()) return { _handle: openSocket(this.#handle, 'server') } as object;
    return { fd: this.take() };
  }

  /**
   * Returns a readable stream, which owns the descriptor from now on. For a file it is an
   * `fs.ReadStream`, from the current position, or from byte `start` to byte `end`; processes that
   * have the file open share its position. For a pipe or a socket it is a read-only `net.Socket`:
   * the event loop watches it, and it becomes non-blocking for every holder of the same end.
   * Terminals and other devices are read like files, by a thread; while that thread waits, the
   * process cannot end.
   * @throws ClosedError if it was closed or taken; InvalidArgumentError for `start` or `end` of
   * anything but a file.
   */
  toReadStream(options: { readonly start?: number; readonly end?: number } = {}): Readable {
    checkOptions('toReadStream()', options, ['start', 'end']);
    if (this.#isStreamed(options)) {
      return this.#socket({ readable: true, writable: false, allowHalfOpen: false });
    }
    return createReadStream('', { ...options, fd: this.take(), autoClose: true });
  }

  /**
   * Returns a writable stream, the counterpart of {@link toReadStream}; into a file it writes from
   * byte `start`.
   * @throws ClosedError if it was closed or taken; InvalidArgumentError for `start` of anything but
   * a file.
   */
  toWriteStream(options: { readonly start?: number } = {}): Writable {
    checkOptions('toWriteStream()', options, ['start']);
    if (this.#isStreamed(options)) {
      return this.#socket({ readable: false, writable: true, allowHalfOpen: false });
    }
    return createWriteStream('', { ...options, fd: this.take(), autoClose: true });
  }

  /**
   * Whether it is a pipe or a socket: read by the thread pool, it would delay the end of the
   * process, or fail.
   */
  #isStreamed(options: { readonly start?: number; readonly end?: number }): boolean {
    if (!this.#isBareSocket() && !isStreamed(this.fd)) return false;
    for (const option of ['start', 'end'] as const) {
      if (options[option] === undefined) continue;
      throw new InvalidArgumentError(`${option} of a pipe or socket, which has no positions`, {
        option,
        value: options[option],
      });
    }
    return true;
  }

  #socket(ways: Ways): Socket {
    if (this.#isBareSocket()) {
      const handle = openSocket(this.#handle, 'connection');
      // Undocumented, but Node's own servers do it.
      return new Socket({ handle, ...ways } as SocketConstructorOpts);
    }
    const socket = new Socket({ fd: this.fd, ...ways });
    this.take();
    return socket;
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
    throw new UnsupportedError(`the kernel object is not a Mach port; its kind is '${kind}'`);
  }

  #open(): NativeHandle {
    if (!addon.isOpen(this.#handle)) {
      throw new ClosedError('the kernel object was closed, or its descriptor was taken');
    }
    return this.#handle;
  }
}

/** @internal Makes an object that owns `handle` from now on. */
export function adoptHandle(handle: NativeHandle): KernelObject {
  return make(handle);
}

/**
 * @internal The handle of an open object, which stays the object's; throws ClosedError if it is
 * closed.
 */
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
  throw new UnsupportedError('only TCP sockets can be sent on Windows; this is a pipe');
}

function notOpen(source: unknown): InvalidArgumentError {
  if (source instanceof Server && source.listening) {
    return new InvalidArgumentError(
      "source is a net.Server whose socket is the cluster primary's; use cluster.SCHED_NONE or listen({ exclusive: true })",
      { option: 'source' },
    );
  }
  return new InvalidArgumentError(
    `source is ${show(source)}; expected an open net.Socket, net.Server, dgram.Socket or fs.FileHandle`,
    { option: 'source' },
  );
}

function owned(made: NativeHandle | number, what: string): NativeHandle {
  if (typeof made !== 'number') return made;
  if (made === -statusOf('InvalidArgument')) throw new InvalidArgumentError(`${what} is not open`);
  throw errorFromStatus(-made, addon.lastFailure());
}

markInstances(KernelObject);
