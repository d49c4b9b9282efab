// What a gateway answers instead of a result: a status, and `{ code, message }` as JSON.

/** The codes of answers that the gateway itself makes; those of calls are `CallErrorCode`. */
export type RefusalCode =
  | 'BAD_REQUEST'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'NOT_ACCEPTABLE'
  | 'TOO_SLOW'
  | 'RESUME_LOST'
  | 'TOO_LARGE'
  | 'UNSUPPORTED_MEDIA'
  | 'MISDIRECTED'
  | 'TOO_MANY'
  | 'UNAVAILABLE'
  | 'INTERNAL';

const statuses: Readonly<Record<RefusalCode, number>> = {
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  TOO_SLOW: 408,
  RESUME_LOST: 410,
  TOO_LARGE: 413,
  UNSUPPORTED_MEDIA: 415,
  MISDIRECTED: 421,
  TOO_MANY: 429,
  UNAVAILABLE: 503,
  INTERNAL: 500,
};

/**
 * Ends a request: a handler of a route throws it. `code` decides about the status; `headers` are sent
 * beside it.
 */
export class Refusal extends Error {
  /** Stable; decides about {@link status}. */
  readonly code: RefusalCode;
  /** The status of the answer. */
  readonly status: number;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RefusalCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.status = statuses[code];
    this.headers = headers;
  }
}
