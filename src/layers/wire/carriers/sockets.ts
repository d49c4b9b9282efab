// Sockets of Node: what TCP, Unix sockets and TLS have in common.
import { type AddressInfo, type ListenOptions, type Server, Socket } from 'node:net';
import type { Carrier, Listener } from '../carrier.js';
import { StreamCarrier, type StreamOptions } from './stream.js';

/** Connections that may wait until the event loop takes them. */
export const backlog = 511;

/** Resolves when a socket that was just made has emitted `event`. */
export async function connected(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  options: StreamOptions,
  signal: AbortSignal,
): Promise<Carrier> {
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    if (signal.aborted) {
      stop();
      return;
    }
    const settle = (done: () => void) => {
      signal.removeEventListener('abort', stop);
      socket.removeAllListeners();
      done();
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once(event, () => settle(resolve));
    socket.once('error', (error) => settle(() => reject(error)));
    socket.once('close', () => settle(() => reject(new Error('closed before it was connected'))));
  });
  // Frames of one turn are one write already.
  socket.setNoDelay(true);
  return new StreamCarrier(socket, socket, options);
}

/** A listener over a server of Node. */
export class SocketListener implements Listener {
  readonly name: string;
  readonly #server: Server;
  readonly #event: 'connection' | 'secureConnection';
  readonly #options: ListenOptions;
  readonly #canVanish: boolean;

  constructor(
    server: Server,
    event: 'connection' | 'secureConnection',
    options: ListenOptions,
    { name, canVanish = false }: StreamOptions,
  ) {
    this.name = name;
    this.#server = server;
    this.#event = event;
    this.#options = options;
    this.#canVanish = canVanish;
  }

  /** The port that it listens at; `undefined` before {@link listen}, and for a Unix socket. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === 'object' ? (address as AddressInfo | null)?.port : undefined;
  }

  async listen(accept: (carrier: Carrier) => void): Promise<void> {
    const server = this.#server;
    server.on(this.#event, (socket: unknown) => {
      if (!(socket instanceof Socket)) return;
      socket.setNoDelay(true);
      const { remoteAddress, remotePort } = socket;
      const name = remoteAddress === undefined ? this.name : `tcp ${remoteAddress}:${remotePort}`;
      accept(new StreamCarrier(socket, socket, { name, canVanish: this.#canVanish }));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ backlog, ...this.#options }, () => {
        server.removeListener('error', reject);
        // A connection that fails while it is accepted concerns nobody else.
        server.on('error', () => undefined);
        resolve();
      });
    });
  }

  close(): Promise<void> {
    // Resolves when the last socket is closed, which is not waited for here.
    if (this.#server.listening) this.#server.close();
    return Promise.resolve();
  }

  setReferenced(wanted: boolean): void {
    if (wanted) this.#server.ref();
    else this.#server.unref();
  }
}
