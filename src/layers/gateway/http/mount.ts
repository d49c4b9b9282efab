// Paths of others within a gateway, behind the same checks.
import type { IncomingHttpHeaders } from 'node:http';
import type { Grant } from '../tokens.js';
import type { StreamAnswer, StreamKind } from './stream-answer.js';

/** What a request asks for. */
export interface GatewayTarget {
  /** The parts of the path, without escapes; none for `/`. */
  readonly segments: readonly string[];
  /** The parameters of the query. */
  readonly query: URLSearchParams;
}

/** One request and its answer, as a mount has it. Exactly one answer is made. */
export interface GatewayExchange {
  /** `GET`, `POST` and so on. */
  readonly method: string;
  /** The headers, with names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** What it asks for. */
  readonly target: GatewayTarget;
  /** What its token allows; `undefined` for a mount that needs none. */
  readonly grant: Grant | undefined;
  /** Aborts when the caller is gone before the answer has ended. */
  readonly signal: AbortSignal;
  /** The JSON of the body, `undefined` if it is empty. Rejects with a `Refusal` if it is none. */
  readJson(): Promise<unknown>;
  /** The body, whatever it is. Rejects with a `Refusal` if it is too large or too late. */
  readBytes(): Promise<Uint8Array>;
  /** Answers with JSON. */
  json(status: number, value: unknown, headers?: Readonly<Record<string, string>>): void;
  /** Answers with bytes, or with nothing. */
  bytes(
    status: number,
    bytes: Uint8Array | undefined,
    headers: Readonly<Record<string, string>>,
  ): void;
  /**
   * Begins an answer of many parts, which counts as a stream of its token: see `limits.streams`.
   * Throws a `Refusal` if that has too many.
   */
  stream(kind: StreamKind): StreamAnswer;
}

/** Answers for all paths that begin with one segment. */
export interface GatewayMount {
  /** The methods that it answers, such as `['GET']`. */
  readonly methods: readonly string[];
  /** Whether a request needs no token, as the files of a page do not. Default: false. */
  readonly open?: boolean | undefined;
  /**
   * Answers. Throws a `Refusal`, or an error of a call, to answer with that; any other error is
   * answered as `INTERNAL` without its text.
   */
  handle(exchange: GatewayExchange): void | Promise<void>;
  /** The gateway is closed. */
  close?(): void | Promise<void>;
}
