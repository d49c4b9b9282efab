// Requests of one client to its gateway, and what their failures mean.
import {
  BusyError,
  CallError,
  type CallOptions,
  CancelledError,
  ClosedError,
  ConflictError,
  DeadlineError,
  DeclaredError,
  type Executed,
  HandlerFailedError,
  InvalidArgumentError,
  InvalidResultError,
  type Member,
  NoRecipientError,
  OverrunError,
  PeerGoneError,
  ProtocolError,
  UnknownMethodError,
  UnsupportedAttachmentError,
} from '../../rpc/entry-port.js';
import type { ConnectHttpOptions, FetchLike } from './options.js';

/** The gateway refused a request, for a reason that a call on the bus cannot fail for. */
export class GatewayRefusedError extends CallError {
  /** What the gateway says: `'UNAUTHENTICATED'`, `'TOO_MANY'` and so on. */
  readonly code: string;
  /** The status of the answer. */
  readonly status: number;

  constructor(code: string, status: number, message: string) {
    super(message, { executed: status < 500 ? 'no' : 'maybe' });
    this.code = code;
    this.status = status;
  }
}
Object.defineProperty(GatewayRefusedError.prototype, 'name', {
  value: 'GatewayRefusedError',
  writable: true,
  configurable: true,
});

type Class = new (message: string, facts: { readonly executed: Executed }) => CallError;

const classes = new Map<unknown, Class>([
  ['NO_RECIPIENT', NoRecipientError],
  ['PEER_GONE', PeerGoneError],
  ['DEADLINE', DeadlineError],
  ['CANCELLED', CancelledError],
  ['OVERRUN', OverrunError],
  ['INVALID_ARGUMENT', InvalidArgumentError],
  ['INVALID_RESULT', InvalidResultError],
  ['UNKNOWN_METHOD', UnknownMethodError],
  ['HANDLER_FAILED', HandlerFailedError],
  ['UNSUPPORTED_ATTACHMENT', UnsupportedAttachmentError],
  ['CONFLICT', ConflictError],
  ['PROTOCOL', ProtocolError],
  ['CLOSED', ClosedError],
]);

/** What a gateway says of an error. */
export interface Told {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly data?: unknown;
  readonly details?: { readonly executed?: unknown; readonly load?: unknown };
}

/** The error that an answer stands for. Its class is chosen here, by the interface of this side. */
export function errorOf(told: Told | null, status: number, member: Member): CallError {
  const { code, message, data, details } = told ?? {};
  const text = typeof message === 'string' && message !== '' ? message : `status ${status}`;
  const said = details?.executed;
  const executed = said === 'no' || said === 'yes' ? said : 'maybe';
  const shape = typeof code === 'string' ? member.errors.get(code) : undefined;
  if (shape !== undefined) {
    try {
      const value = shape.decode(data, undefined, 'json');
      return new DeclaredError(member.interface, code as string, value, text, { executed: 'yes' });
    } catch (cause) {
      return new HandlerFailedError(`${code}: its data cannot be read`, { executed: 'yes', cause });
    }
  }
  if (code === 'BUSY') return new BusyError(text, { executed: 'no' }, Number(details?.load) || 0);
  const Known = classes.get(code);
  if (Known !== undefined) return new Known(text, { executed });
  return new GatewayRefusedError(typeof code === 'string' ? code : 'UNKNOWN', status, text);
}

/** What is asked for. */
export interface Ask {
  readonly method: string;
  readonly body?: string;
  readonly type?: string;
  readonly accept: string;
  readonly ifMatch?: string;
}

/** Makes requests. */
export class Requests {
  /** `name/major` of the interface. */
  readonly place: string;
  readonly #url: string;
  readonly #options: ConnectHttpOptions;
  readonly #fetch: FetchLike;
  readonly #closed = new AbortController();

  constructor(url: string, place: string, options: ConnectHttpOptions) {
    const { token, fetch: own } = options ?? {};
    if (typeof url !== 'string' || !/^https?:\/\//.test(url)) {
      throw new InvalidArgumentError(`the url is ${String(url)}; expected http: or https:`, {
        executed: 'no',
      });
    }
    if (typeof token !== 'string') {
      throw new InvalidArgumentError('token is no text', { executed: 'no' });
    }
    this.#url = url.replace(/\/$/, '');
    this.place = place;
    this.#options = options;
    this.#fetch = own ?? ((address, init) => fetch(address, init));
  }

  /** Ends all that is under way. */
  close(): void {
    this.#closed.abort();
  }

  /** Resolves with an answer that is none of an error. `timed`: whether the client's time limit counts. */
  async send(
    path: string,
    ask: Ask,
    member: Member,
    { to = this.#options.to, timeout, signal }: CallOptions,
    timed: boolean,
  ): Promise<Response> {
    const limit = timeout ?? (timed ? this.#options.timeout : undefined);
    const late = limit === undefined ? undefined : new AbortController();
    const timer = late && setTimeout(() => late.abort(), limit);
    const stops = [this.#closed.signal, signal, late?.signal].filter((each) => each !== undefined);
    try {
      const answer = await this.#fetch(`${this.#url}${path}`, {
        method: ask.method,
        headers: {
          authorization: `Bearer ${this.#options.token}`,
          accept: ask.accept,
          ...(ask.type !== undefined && { 'content-type': ask.type }),
          ...(ask.ifMatch !== undefined && { 'if-match': ask.ifMatch }),
          ...(to !== undefined && { 'busbar-to': String(to) }),
          ...(limit !== undefined && { 'busbar-timeout': String(Math.ceil(limit)) }),
        },
        ...(ask.body !== undefined && { body: ask.body }),
        signal: AbortSignal.any(stops),
      });
      if (answer.ok) return answer;
      throw errorOf(await told(answer), answer.status, member);
    } catch (cause) {
      if (cause instanceof CallError) throw cause;
      throw this.failed(member, signal, late?.signal, cause);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Why a request came to nothing. */
  failed(
    { interface: of, name }: Member,
    signal: AbortSignal | undefined,
    late: AbortSignal | undefined,
    cause: unknown,
  ): CallError {
    const facts = { executed: 'maybe', cause } as const;
    const what = `${of}.${name}`;
    if (late?.aborted === true) return new DeadlineError(`${what} did not return in time`, facts);
    if (signal?.aborted === true) {
      return new CancelledError(`${what} was cancelled`, { ...facts, cause: signal.reason });
    }
    if (this.#closed.signal.aborted) return new ClosedError('the client is closed', facts);
    return new PeerGoneError(`the gateway of ${what} cannot be reached`, facts);
  }
}

async function told(answer: Response): Promise<Told | null> {
  try {
    return (await answer.json()) as Told | null;
  } catch {
    return null;
  }
}
