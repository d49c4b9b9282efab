// TCP sockets on Windows, which have no descriptors and whose numbers Node does not reveal. A
// socket is found by its addresses, and rebuilt with the class of the handle that every socket gets
// when it connects.
import { Server, Socket } from 'node:net';
import { InvalidArgumentError } from '../errors/index.js';
import { addon, type NativeHandle } from '../native/addon.js';

/** Node's internal TCP handle, which can adopt a socket by its number. */
interface TcpHandle {
  open(socket: number): number;
  close(): void;
}
type TcpHandleClass = new (kind: number) => TcpHandle;

const kinds = { connection: 0, server: 1 } as const;

/**
 * A second handle for the socket of `source`, or a negative status; `undefined` if it is a pipe, or
 * neither connected nor listening.
 */
export function duplicateSocket(source: Socket | Server): NativeHandle | number | undefined {
  const local = nameOf(source.address());
  if (local === undefined) return undefined;
  if (source instanceof Server) return addon.duplicateSocket(...local, '', 0);
  const { remoteAddress, remotePort } = source;
  const remote = nameOf({ address: remoteAddress, port: remotePort });
  return remote && addon.duplicateSocket(...local, ...remote);
}

/** Makes the handle of a `net.Socket` or `net.Server`, which owns the socket from now on. */
export function openSocket(handle: NativeHandle, kind: keyof typeof kinds): TcpHandle {
  tcpHandleClass ??= findTcpHandleClass();
  const made = new tcpHandleClass(kinds[kind]);
  if (made.open(addon.numberOf(handle)) !== 0) {
    made.close();
    throw new InvalidArgumentError('the kernel object is a socket, but not a TCP socket');
  }
  addon.takeNumber(handle);
  return made;
}

/**
 * An address as a socket or server reports it; empty if it is not open. A pipe has a text instead.
 */
interface Name {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** Address and port. The scope of an address is not compared. */
function nameOf(name: Name | string | null): readonly [string, number] | undefined {
  if (typeof name !== 'object' || name?.address === undefined) return undefined;
  return name.port === undefined ? undefined : [name.address.replace(/%.*/u, ''), name.port];
}

let tcpHandleClass: TcpHandleClass | undefined;

/** connect() sets the handle synchronously; the socket is destroyed before it tries to connect. */
function findTcpHandleClass(): TcpHandleClass {
  const socket = new Socket();
  socket.connect({ host: '127.0.0.1', port: 1 });
  const { _handle: handle } = socket as unknown as { readonly _handle: TcpHandle };
  socket.destroy();
  return handle.constructor as TcpHandleClass;
}
