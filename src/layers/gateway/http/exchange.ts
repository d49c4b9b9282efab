// One request with its answer, as routes have it. Owns nothing but the answer: connections belong to
// Node's server.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Limits } from '../limits.js';
import type { Grant } from '../tokens.js';
import { takeStream } from '../tokens.js';
import { type BodyKind, checkBody, readBody, readJson, readLines } from './body.js';
import type { GatewayExchange, GatewayTarget } from './mount.js';
import { Refusal } from './refusal.js';
import { StreamAnswer, type StreamKind, streamHeaders } from './stream-answer.js';

/** What all answers have: no cache keeps them, and no browser guesses what they are. */
const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;
const jsonHeaders = { ...always, 'content-type': 'application/json' } as const;

const closing = { connection: 'close' } as const;

/** One request and its answer. */
export class Exchange implements GatewayExchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #limits: Limits;
  readonly target: GatewayTarget;
  /** Whose token it has; `undefined` for a path that needs none. */
  readonly grant: Grant | undefined;
  #gone: AbortController | undefined;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    target: GatewayTarget,
    grant: Grant | undefined,
    limits: Limits,
  ) {
    this.#request = request;
    this.#response = response;
    this.target = target;
    this.grant = grant;
    this.#limits = limits;
  }

  get method(): string {
    return this.#request.method ?? '';
  }

  get headers(): IncomingHttpHeaders {
    return this.#request.headers;
  }

  /** The target as it was sent. */
  get url(): string {
    return this.#request.url ?? '';
  }

  /** Aborts when the caller is gone before the answer has ended. */
  get signal(): AbortSignal {
    if (this.#gone === undefined) {
      const gone = new AbortController();
      this.#gone = gone;
      const response = this.#response;
      const look = () => {
        if (!response.writableFinished) gone.abort(new Error('the caller is gone'));
      };
      if (response.closed || response.destroyed) look();
      else response.once('close', look);
    }
    return this.#gone.signal;
  }

  /** Whether the answer has begun. */
  get answered(): boolean {
    return this.#response.headersSent;
  }

  /** The JSON of the body; `undefined` if it is empty. Refuses what is no JSON, too large or too late. */
  readJson(): Promise<unknown> {
    return readJson(this.#request, this.#limits);
  }

  /** Refuses a body of another kind before it is read. */
  checkBody(kind: BodyKind): void {
    checkBody(this.#request, kind, this.#limits);
  }

  /** The body, whatever it is. */
  readBytes(): Promise<Uint8Array> {
    return readBody(this.#request, this.#limits);
  }

  /** The values of a body with one JSON a line, as they come. */
  readLines(): AsyncGenerator<unknown> {
    return readLines(this.#request, this.#limits);
  }

  /** Answers with JSON. */
  json(status: number, value: unknown, headers?: Readonly<Record<string, string>>): void {
    this.text(status, JSON.stringify(value) ?? 'null', headers);
  }

  /** Answers with JSON that is text already. */
  text(status: number, text: string, headers?: Readonly<Record<string, string>>): void {
    if (this.answered) return;
    const length = Buffer.byteLength(text);
    const { method } = this;
    this.#response
      .writeHead(status, { ...jsonHeaders, ...this.#rest, 'content-length': length, ...headers })
      .end(method === 'HEAD' ? undefined : text);
    this.#watchStalled();
  }

  /** Answers with bytes, or with nothing. */
  bytes(
    status: number,
    bytes: Uint8Array | undefined,
    headers: Readonly<Record<string, string>>,
  ): void {
    if (this.answered) return;
    const length = { 'content-length': bytes?.length ?? 0 };
    this.#response
      .writeHead(status, { ...always, ...this.#rest, ...length, ...headers })
      .end(bytes);
    this.#watchStalled();
  }

  /** Begins an answer of many parts. */
  stream(kind: StreamKind): StreamAnswer {
    const release = takeStream(this.grant, this.#limits);
    const answer = this.#begin(200, streamHeaders(kind), kind === 'events');
    answer.onClose(release);
    return answer;
  }

  /** The same for a stream that is counted elsewhere. */
  countedStream(kind: StreamKind): StreamAnswer {
    return this.#begin(200, streamHeaders(kind), kind === 'events');
  }

  /** Begins an answer of bytes in several parts. */
  raw(status: number, headers: Readonly<Record<string, string>>): StreamAnswer {
    return this.#begin(status, headers, false);
  }

  #begin(status: number, more: Readonly<Record<string, string>>, beats: boolean): StreamAnswer {
    if (this.answered) throw new Refusal('INTERNAL', 'the answer has begun');
    const headers = { ...always, ...more };
    return new StreamAnswer(this.#response, { status, headers, beats }, this.#limits.stalledTime);
  }

  /** Ends the connection, where an answer is of no use any more. */
  destroy(): void {
    this.#response.destroy();
  }

  // What is left of a body would be taken for the next request, or has to be read to its end.
  get #rest(): Readonly<Record<string, string>> | undefined {
    return this.#request.complete ? undefined : closing;
  }

  // A reader that takes nothing holds the answer in memory.
  #watchStalled(): void {
    const response = this.#response;
    if (response.writableFinished || !response.writableNeedDrain) return;
    const { socket } = response;
    let left = socket?.bytesWritten ?? 0;
    const timer = setInterval(() => {
      const now = socket?.bytesWritten ?? 0;
      if (now === left) response.destroy();
      left = now;
    }, this.#limits.stalledTime);
    timer.unref();
    response.once('close', () => clearInterval(timer));
  }
}
