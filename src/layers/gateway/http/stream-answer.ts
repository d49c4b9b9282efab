// An answer of many parts: one JSON a line, or server-sent events. Its reader's socket is the window:
// a part that finds no room there makes the writer wait, and through it the server of the stream.
import type { ServerResponse } from 'node:http';

/** How the parts of a stream are written. */
export type StreamKind = 'lines' | 'events';

const types: Readonly<Record<StreamKind, string>> = {
  lines: 'application/x-ndjson',
  events: 'text/event-stream',
};

/** Milliseconds between signs of life in a stream of events; proxies close what is silent. */
const beatEvery = 15_000;

/** The headers of a stream of this kind. */
export function streamHeaders(kind: StreamKind): Readonly<Record<string, string>> {
  // The last one is for proxies that would keep parts back.
  return { 'content-type': types[kind], 'x-accel-buffering': 'no' };
}

/** How an answer begins. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether signs of life are written while there is nothing else. */
  readonly beats: boolean;
}

/** An answer that is written in parts. */
export class StreamAnswer {
  readonly #response: ServerResponse;
  readonly #stalledTime: number;
  readonly #beat: NodeJS.Timeout | undefined;
  #over = false;
  #wake: (() => void) | undefined;

  constructor(response: ServerResponse, head: AnswerHead, stalledTime: number) {
    this.#response = response;
    this.#stalledTime = stalledTime;
    response.writeHead(head.status, head.headers);
    response.flushHeaders();
    response.on('drain', () => this.#awake());
    response.once('close', () => this.#closed());
    response.on('error', () => undefined);
    if (head.beats) {
      this.#beat = setInterval(() => {
        if (!this.#over && !response.writableNeedDrain) response.write(':\n\n');
      }, beatEvery);
      this.#beat.unref();
    }
  }

  /** Whether nobody reads any more. */
  get over(): boolean {
    return this.#over;
  }

  /** Calls `listener` once when the connection does not carry this answer any more. */
  onClose(listener: () => void): void {
    if (this.#response.closed) listener();
    else this.#response.once('close', listener);
  }

  /** Writes a part. Resolves once there is room for more, with whether somebody reads. */
  write(text: string | Uint8Array): Promise<boolean> | boolean {
    if (this.#over) return false;
    if (this.#response.write(text)) return true;
    return this.#drained();
  }

  /** Ends the answer behind all that was written. */
  end(text?: string): void {
    if (this.#over) return;
    this.#stop();
    if (text === undefined) this.#response.end();
    else this.#response.end(text);
    // A reader that does not even take the end.
    const timer = setTimeout(() => this.#response.destroy(), this.#stalledTime);
    timer.unref();
    this.#response.once('close', () => clearTimeout(timer));
  }

  /** Ends the connection. */
  destroy(): void {
    this.#response.destroy();
  }

  async #drained(): Promise<boolean> {
    const response = this.#response;
    let sent = response.socket?.bytesWritten ?? 0;
    let stalled = false;
    const timer = setInterval(() => {
      const now = response.socket?.bytesWritten ?? 0;
      stalled = now === sent;
      sent = now;
      if (stalled) response.destroy();
    }, this.#stalledTime);
    timer.unref();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    clearInterval(timer);
    return !this.#over;
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #closed(): void {
    this.#stop();
    this.#awake();
  }

  #stop(): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#beat);
  }
}

/** One server-sent event. `data` must not have line ends, as no JSON of `JSON.stringify` has. */
export function eventText(name: string | undefined, data: string, id?: string): string {
  const head = name === undefined ? '' : `event: ${name}\n`;
  return id === undefined ? `${head}data: ${data}\n\n` : `${head}id: ${id}\ndata: ${data}\n\n`;
}
