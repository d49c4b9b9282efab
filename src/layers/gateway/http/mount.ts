// Paths of others within a gateway, behind the same checks.
import type { Exchange } from './exchange.js';

/** One request and its answer, as a mount has it. */
export type GatewayExchange = Pick<
  Exchange,
  | 'method'
  | 'headers'
  | 'target'
  | 'grant'
  | 'signal'
  | 'readJson'
  | 'readBytes'
  | 'json'
  | 'bytes'
  | 'stream'
>;

/** Answers for all paths that begin with one segment. */
export interface GatewayMount {
  /** The methods that it answers, such as `['GET']`. */
  readonly methods: readonly string[];
  /** Whether a request needs no token, as the files of a page do not. Default: false. */
  readonly open?: boolean | undefined;
  /** Whether it takes other bodies than JSON. Default: false. */
  readonly anyBody?: boolean | undefined;
  /**
   * Answers. Throws a `Refusal`, or an error of a call, to answer with that; any other error is
   * answered as `INTERNAL` without its text.
   */
  handle(exchange: GatewayExchange): void | Promise<void>;
  /** The gateway is closed. */
  close?(): void | Promise<void>;
}
