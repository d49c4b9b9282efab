// TCP sockets on Windows, where they have no descriptors and Node does not tell their numbers: one is found by its
// addresses, and made again by the class of the handle that every socket gets when it connects.
import { Server, Socket } from 'node:net';
import { InvalidArgumentError } from '../errors/index.js';
import { addon, type NativeHandle } from '../native/addon.js';

/** Node's own name of a TCP handle, which takes a socket's number. */
interface TcpHandle {
  open(socket: number): number;
  close(): void;
}
type TcpHandleClass = new (kind: number) => TcpHandle;

const kinds = { connection: 0, server: 1 } as const;

/**
 * A second handle on the socket of `source`, or a negative status; `undefined` if it is not connected or listening, or a
 * pipe.
 */
export function duplicateSocket(source: Socket | Server): NativeHandle | number | undefined {
  const local = nameOf(source.address());
  if (local === undefined) return undefined;
  if (source instanceof Server) return addon.duplicateSocket(...local, '', 0);
  const { remoteAddress, remotePort } = source;
  const remote = nameOf({ address: remoteAddress, port: remotePort });
  return remote && addon.duplicateSocket(...local, ...remote);
}

/** `handle` as the handle of a `net.Socket` or `net.Server`, which owns the socket from now on. */
export function openSocket(handle: NativeHandle, kind: keyof typeof kinds): TcpHandle {
  tcpHandleClass ??= findTcpHandleClass();
  const made = new tcpHandleClass(kinds[kind]);
  if (made.open(addon.numberOf(handle)) !== 0) {
    made.close();
    throw new InvalidArgumentError('the kernel object is a socket, but none of TCP');
  }
  addon.takeNumber(handle);
  return made;
}

/** As a socket or server tells it; nothing of one that is not open, text of a pipe. */
interface Name {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** Address and port. The scope of an address is no part of what is compared. */
function nameOf(name: Name | string | null): readonly [string, number] | undefined {
  if (typeof name !== 'object' || name?.address === undefined) return undefined;
  return name.port === undefined ? undefined : [name.address.replace(/%.*/u, ''), name.port];
}

let tcpHandleClass: TcpHandleClass | undefined;

/** A socket has its handle when connect() returns, and is destroyed before it tries. */
function findTcpHandleClass(): TcpHandleClass {
  const socket = new Socket();
  socket.connect({ host: '127.0.0.1', port: 1 });
  const { _handle: handle } = socket as unknown as { readonly _handle: TcpHandle };
  socket.destroy();
  return handle.constructor as TcpHandleClass;
}
