// Wires over TCP.
import { connect, createServer } from 'node:net';
import type { Dialer } from '../carrier.js';
import { optionError } from '../errors.js';
import { connected, SocketListener } from './sockets.js';

/** Where a wire over TCP goes, or waits. */
export interface TcpOptions {
  /** The port; 0 lets the system choose one to listen at. */
  readonly port: number;
  /** The host, by name or address. Default: `'127.0.0.1'`, this machine only. */
  readonly host?: string | undefined;
}

const loopback = '127.0.0.1';

/**
 * An address to connect to by TCP.
 * @throws WireError `WIRE_OPTION`.
 */
function tcpAddress(options: TcpOptions): Dialer {
  const { host, port } = checked(options, 1);
  const name = `tcp ${host}:${port}`;
  return {
    name,
    dial: (signal) =>
      connected(connect({ host, port }), 'connect', { name, canVanish: true }, signal),
  };
}

/**
 * Listens for wires over TCP; `port` of the result is where.
 * @throws WireError `WIRE_OPTION`.
 */
function listen(options: TcpOptions): SocketListener {
  const { host, port } = checked(options, 0);
  const place = { name: `tcp ${host}:${port}`, canVanish: true };
  return new SocketListener(createServer(), 'connection', { host, port }, place);
}

/** Checks host and port. */
export function checked(options: TcpOptions, leastPort: number): { host: string; port: number } {
  const { host = loopback, port } = options;
  if (typeof host !== 'string' || host === '') {
    throw optionError(`host is ${String(host)}; expected a name or an address`);
  }
  if (!Number.isInteger(port) || port < leastPort || port > 65_535) {
    throw optionError(`port is ${String(port)}; expected an integer from ${leastPort} to 65535`);
  }
  return { host, port };
}

/** `tcp({ port })` is an address for `connectWire`, `tcp.listen({ port })` waits for `serveWire`. */
export const tcp: ((options: TcpOptions) => Dialer) & {
  /** Waits for others to connect. */
  readonly listen: (options: TcpOptions) => SocketListener;
} = Object.assign(tcpAddress, { listen });
