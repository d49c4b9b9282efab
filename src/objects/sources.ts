// Finds the descriptor of Node's own objects.
import { Socket as DatagramSocket } from 'node:dgram';
import type { FileHandle } from 'node:fs/promises';
import { Server, Socket } from 'node:net';
import { InvalidArgumentError } from '../errors/index.js';

/** The objects of Node that a kernel object can be made of. */
export type ObjectSource = Socket | Server | DatagramSocket | FileHandle;

/**
 * Refuses a socket with state beyond its descriptor, which the receiver would lack: TLS keys, and
 * bytes that Node has read or still has to write. Throws InvalidArgumentError.
 */
export function checkSource(source: unknown): void {
  if (!(source instanceof Socket)) return;
  // process.send() refuses it, too. Checked by a property, since importing `node:tls` would load
  // all of OpenSSL.
  if ((source as { readonly encrypted?: unknown }).encrypted === true) {
    throw refusal('source is a TLSSocket: its keys are in this process and cannot be handed over');
  }
  const { readableLength, writableLength } = source;
  if (readableLength > 0) {
    throw refusal(
      `source has ${readableLength} bytes that were already read, which the receiver would lack; read() them, or pause the socket before they arrive`,
    );
  }
  if (writableLength > 0) {
    throw refusal(`source has ${writableLength} bytes still to be written; wait for 'drain'`);
  }
}

function refusal(text: string): InvalidArgumentError {
  return new InvalidArgumentError(text, { option: 'source' });
}

/**
 * The descriptor behind `source`, which stays the source's; `undefined` if it has none at the
 * moment.
 */
export function descriptorOf(source: unknown): number | undefined {
  if (source instanceof Socket || source instanceof Server) return handleFd(source);
  if (source instanceof DatagramSocket) return datagramFd(source);
  if (typeof source !== 'object' || source === null) return undefined;
  // fs.FileHandle cannot be imported as a value.
  return source.constructor?.name === 'FileHandle' ? checked((source as FileHandle).fd) : undefined;
}

/** Whether it is one of Node's sockets or servers, open or not. */
export function isSocket(source: unknown): source is Socket | Server | DatagramSocket {
  return source instanceof Socket || source instanceof Server || source instanceof DatagramSocket;
}

// Node has no public access to a socket's descriptor; `_handle.fd` has existed on POSIX systems
// since 0.x.
function handleFd(source: object): number | undefined {
  return checked((source as { _handle?: { fd?: unknown } })._handle?.fd);
}

function datagramFd(source: DatagramSocket): number | undefined {
  const symbol = Object.getOwnPropertySymbols(source).find(
    ({ description }) => description === 'state symbol',
  );
  const state = symbol && (source as unknown as Record<symbol, unknown>)[symbol];
  return checked((state as { handle?: { fd?: unknown } } | undefined)?.handle?.fd);
}

function checked(fd: unknown): number | undefined {
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
