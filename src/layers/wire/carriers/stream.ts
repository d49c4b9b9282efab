// The carrier over streams as Node has them: a Duplex, or one stream for each direction. Known by
// their methods only, so that this file needs nothing of Node.
import type { Carrier, CarrierEvents } from '../carrier.js';
import { optionError } from '../errors.js';

/** A readable stream of Node. */
export interface ReadableLike {
  /** Adds a listener. */
  on(event: string, listener: (...values: never[]) => void): unknown;
  /** Ends it at once. */
  destroy(error?: Error): unknown;
  /** Called, if it is a function, when the stream shall keep the process alive. */
  readonly ref?: unknown;
  /** Called, if it is a function, when it no longer shall. */
  readonly unref?: unknown;
}

/** A writable stream of Node. */
export interface WritableLike {
  /** Writes bytes; false if more should wait for the event `drain`. */
  write(chunk: Uint8Array): boolean;
  /** Ends it once all is written. */
  end(): unknown;
  /** Adds a listener. */
  on(event: string, listener: (...values: never[]) => void): unknown;
  /** Ends it at once. */
  destroy(error?: Error): unknown;
  /** Called, if it is a function, when the stream shall keep the process alive. */
  readonly ref?: unknown;
  /** Called, if it is a function, when it no longer shall. */
  readonly unref?: unknown;
}

/** A duplex stream of Node: a socket, a serial port, the stream of a program. */
export interface DuplexLike extends ReadableLike, WritableLike {}

/** Whether a value can be used as a duplex stream. */
export function isDuplex(value: unknown): value is DuplexLike {
  if (typeof value !== 'object' || value === null) return false;
  const { on, write, end, destroy } = value as Partial<DuplexLike>;
  return [on, write, end, destroy].every((method) => typeof method === 'function');
}

/** What is told about the streams. */
export interface StreamOptions {
  /** For error texts. */
  readonly name: string;
  /** See {@link Carrier.canVanish}. */
  readonly canVanish?: boolean;
}

/** Carries bytes over streams; for a Duplex, both are the same. */
export class StreamCarrier implements Carrier {
  readonly name: string;
  readonly canVanish: boolean;
  readonly #readable: ReadableLike;
  readonly #writable: WritableLike;
  #ended = false;

  constructor(
    readable: ReadableLike,
    writable: WritableLike,
    { name, canVanish = false }: StreamOptions,
  ) {
    this.#readable = readable;
    this.#writable = writable;
    this.name = name;
    this.canVanish = canVanish;
  }

  open(events: CarrierEvents): void {
    const end = (error?: unknown) => {
      if (this.#ended) return;
      this.#ended = true;
      events.end(error);
    };
    this.#readable.on('data', (chunk: unknown) => {
      if (this.#ended) return;
      if (chunk instanceof Uint8Array) events.data(plain(chunk));
      else end(optionError(`${this.name} gives ${typeof chunk}s; a wire needs bytes`));
    });
    this.#readable.on('end', () => end());
    for (const stream of new Set([this.#readable, this.#writable])) {
      stream.on('error', (error: unknown) => end(error));
      stream.on('close', () => end());
    }
    this.#writable.on('drain', () => {
      if (!this.#ended) events.drain();
    });
  }

  write(bytes: Uint8Array): boolean {
    return this.#writable.write(bytes);
  }

  close(): void {
    this.#writable.end();
  }

  destroy(): void {
    this.#readable.destroy();
    this.#writable.destroy();
  }

  setReferenced(wanted: boolean): void {
    for (const stream of new Set([this.#readable, this.#writable])) {
      const method = wanted ? stream.ref : stream.unref;
      if (typeof method === 'function') Reflect.apply(method, stream, []);
    }
  }
}

// Methods of a Buffer, which is what Node's streams give, differ from those of its class.
function plain(chunk: Uint8Array): Uint8Array {
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
}
