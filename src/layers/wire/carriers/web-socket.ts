// The carrier over a WebSocket as browsers have it: one frame is one binary message. This file needs
// nothing of Node.
import { setTimeout } from '../../rpc/entry-port.js';
import type { Carrier, CarrierEvents, Dialer } from '../carrier.js';
import { optionError, WireError } from '../errors.js';

/** A WebSocket: of a browser, of Node, or of the package ws. */
export interface WebSocketLike {
  /** How messages arrive; set to `'arraybuffer'`. */
  binaryType: string;
  /** 1 while it is open. */
  readonly readyState: number;
  /** Bytes that were not sent yet. */
  readonly bufferedAmount: number;
  /** Sends a binary message. */
  send(data: Uint8Array): void;
  /** Closes it once all is sent. */
  close(code?: number): void;
  /** Adds a listener. */
  addEventListener(type: string, listener: (event: never) => void): void;
}

/** The class of WebSockets. */
export type WebSocketClass = new (url: string, protocols?: string[]) => WebSocketLike;

/** Options of a WebSocket to connect with. */
export interface WebSocketOptions {
  /** The class to use. Default: the platform's; in Node without one, that of the package ws. */
  readonly WebSocket?: WebSocketClass | undefined;
}

/** The subprotocol that both sides name. */
export const subprotocol = 'busbar-wire';

/** Bytes that may wait in the socket before the wire has to. */
const mostBuffered = 256 * 1024;

/** Milliseconds between looks at what waits: browsers have no event for it. */
const lookEvery = 5;

const open = 1;

/** Carries frames over an open WebSocket. */
export class WebSocketCarrier implements Carrier {
  readonly name: string;
  readonly keepsMessages = true;
  readonly canVanish = true;
  readonly #socket: WebSocketLike;
  #events: CarrierEvents | undefined;
  #looking = false;

  constructor(socket: WebSocketLike, name: string) {
    this.#socket = socket;
    this.name = name;
    socket.binaryType = 'arraybuffer';
  }

  open(events: CarrierEvents): void {
    this.#events = events;
    const socket = this.#socket;
    socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
      if (data instanceof ArrayBuffer) this.#events?.data(new Uint8Array(data));
      else this.#end(new TypeError('a message of the WebSocket is text'));
    });
    socket.addEventListener('close', ({ code, reason }: { code?: number; reason?: string }) =>
      this.#end(code === 1000 ? undefined : new Error(`the WebSocket closed: ${code} ${reason}`)),
    );
    // A close follows, which says more.
    socket.addEventListener('error', () => undefined);
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket.readyState !== open) return true;
    try {
      socket.send(bytes);
    } catch (error) {
      this.#end(error);
      return true;
    }
    if (socket.bufferedAmount <= mostBuffered) return true;
    this.#look();
    return false;
  }

  close(): void {
    this.#socket.close(1000);
  }

  destroy(): void {
    const socket = this.#socket as WebSocketLike & { terminate?(): void };
    // Of the package ws: a peer that does not answer is not waited for.
    if (typeof socket.terminate === 'function') socket.terminate();
    else socket.close(1000);
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    setTimeout(() => {
      this.#looking = false;
      if (this.#socket.bufferedAmount > mostBuffered) this.#look();
      else this.#events?.drain();
    }, lookEvery);
  }

  #end(error?: unknown): void {
    const events = this.#events;
    this.#events = undefined;
    events?.end(error);
  }
}

/** An address to connect to by a WebSocket; `find` gives the class if the options do not. */
export function webSocketAddress(
  url: string,
  { WebSocket }: WebSocketOptions,
  find: () => WebSocketClass | Promise<WebSocketClass>,
): Dialer {
  if (typeof url !== 'string' || !/^wss?(\+unix)?:/.test(url)) {
    throw optionError(`the address of a WebSocket is ${String(url)}; expected ws: or wss:`);
  }
  const name = `web socket ${url}`;
  return {
    name,
    async dial(signal) {
      const Class = WebSocket ?? (await find());
      const socket = new Class(url, [subprotocol]);
      await opened(socket, name, signal);
      return new WebSocketCarrier(socket, name);
    },
  };
}

function opened(socket: WebSocketLike, name: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let over = false;
    const end = (done: () => void) => {
      if (over) return;
      over = true;
      signal.removeEventListener('abort', stop);
      done();
    };
    const stop = () => {
      end(() => reject(signal.reason));
      socket.close();
    };
    signal.addEventListener('abort', stop);
    socket.addEventListener('open', () => end(resolve));
    socket.addEventListener('error', ({ error, message }: { error?: unknown; message?: string }) =>
      end(() => reject(error ?? new Error(message || `cannot reach ${name}`))),
    );
    socket.addEventListener('close', () => end(() => reject(new Error(`${name} was refused`))));
  });
}

/**
 * An address for `connectWire`, by the WebSocket of the platform: `webSocket('wss://…')`.
 * @throws WireError `WIRE_OPTION`.
 */
export function webSocket(url: string, options: WebSocketOptions = {}): Dialer {
  return webSocketAddress(url, options, () => {
    const { WebSocket } = globalThis as { readonly WebSocket?: unknown };
    if (typeof WebSocket === 'function') return WebSocket as WebSocketClass;
    throw new WireError('CANNOT_CONNECT', 'this platform has no WebSocket; give one as an option');
  });
}
