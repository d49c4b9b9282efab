// The options of clients over HTTP.

/** What `fetch` is to this client. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** Options of `connectHttp`. */
export interface ConnectHttpOptions {
  /** The token of the gateway. */
  readonly token: string;
  /** `to` of every call that gives none. */
  readonly to?: string | undefined;
  /** `timeout` of every call with one result that gives none, in milliseconds. Default: none. */
  readonly timeout?: number | undefined;
  /** What makes requests. Default: the platform's. */
  readonly fetch?: FetchLike | undefined;
}
