// Wires over Unix sockets, and named pipes on Windows.
import { chmod, unlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Carrier, Dialer, Listener } from '../carrier.js';
import { optionError } from '../errors.js';
import { connected, SocketListener } from './sockets.js';

/**
 * An address to connect to by a Unix socket.
 * @throws WireError `WIRE_OPTION`.
 */
function unixAddress(path: string): Dialer {
  const name = nameOf(path);
  return { name, dial: (signal) => connected(connect({ path }), 'connect', { name }, signal) };
}

/** Listens at a path, which only this user may connect to. */
class UnixListener implements Listener {
  readonly name: string;
  readonly #path: string;
  #listener: SocketListener;

  constructor(path: string) {
    this.name = nameOf(path);
    this.#path = path;
    this.#listener = this.#make();
  }

  async listen(accept: (carrier: Carrier) => void): Promise<void> {
    try {
      await this.#listener.listen(accept);
    } catch (error) {
      if ((error as { code?: string }).code !== 'EADDRINUSE' || (await isAlive(this.#path))) {
        throw error;
      }
      // The file of a process that was killed.
      await unlink(this.#path);
      this.#listener = this.#make();
      await this.#listener.listen(accept);
    }
    if (process.platform !== 'win32') await chmod(this.#path, 0o600);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  setReferenced(wanted: boolean): void {
    this.#listener.setReferenced(wanted);
  }

  #make(): SocketListener {
    const { name } = this;
    return new SocketListener(createServer(), 'connection', { path: this.#path }, { name });
  }
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const end = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

function nameOf(path: string): string {
  if (typeof path !== 'string' || path === '') {
    throw optionError(`path is ${String(path)}; expected the path of a socket`);
  }
  return `unix socket ${path}`;
}

/**
 * `unixSocket(path)` is an address for `connectWire`, `unixSocket.listen(path)` waits for
 * `serveWire`; only this user may connect there. On Windows, `path` is that of a named pipe.
 */
export const unixSocket: ((path: string) => Dialer) & {
  /** Waits for others to connect. */
  readonly listen: (path: string) => Listener;
} = Object.assign(unixAddress, { listen: (path: string) => new UnixListener(path) });
