// Takes requests in: checks them, finds their route, and turns whatever fails into an answer. Nothing
// behind it sees a request that was not made for this gateway by somebody with a token.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayEvent, Settings } from '../options.js';
import { splitTicket, type Tickets } from '../tickets.js';
import type { Grant } from '../tokens.js';
import { checkAddress, targetOf } from './admission.js';
import { Exchange } from './exchange.js';
import type { Failure } from './failure.js';
import type { GatewayTarget } from './mount.js';
import { Refusal } from './refusal.js';

/** Answers for one method of a path. */
export type Handler = (exchange: Exchange) => void | Promise<void>;

/** The handlers of a path's first segment, by method. */
export interface Route {
  readonly handlers: ReadonlyMap<string, Handler>;
  /** Whether no token is needed. */
  readonly open: boolean;
}

/** Takes requests in. */
export class Front {
  readonly #settings: Settings;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #tickets: Tickets;
  readonly #failureOf: (error: unknown) => Failure;
  #closed = false;

  constructor(
    settings: Settings,
    routes: ReadonlyMap<string, Route>,
    tickets: Tickets,
    failure: (error: unknown) => Failure,
  ) {
    this.#settings = settings;
    this.#routes = routes;
    this.#tickets = tickets;
    this.#failureOf = failure;
  }

  /** No request is taken any more. */
  close(): void {
    this.#closed = true;
  }

  /** Answers a request. Never throws. */
  take(request: IncomingMessage, response: ServerResponse): void {
    const { onRequest, limits } = this.#settings;
    if (onRequest !== undefined) report(request, response, onRequest);
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    let exchange: Exchange | undefined;
    try {
      const { target, route, grant, ticket } = this.#admit(request);
      exchange = new Exchange(request, response, target, grant, limits);
      const handler = handlerOf(route, request);
      if (request.headers.expect !== undefined) response.writeContinue();
      if (ticket !== undefined) response.once('close', this.#tickets.use(ticket));
      this.#run(exchange, handler);
    } catch (error) {
      exchange ??= new Exchange(request, response, noTarget, undefined, limits);
      this.#fail(exchange, error);
    }
  }

  #run(exchange: Exchange, handler: Handler): void {
    const { grant } = exchange;
    const { calls } = this.#settings.limits;
    if (grant !== undefined) {
      if (grant.calls >= calls) {
        throw new Refusal('TOO_MANY', `the token has ${calls} requests under way already`);
      }
      grant.calls++;
    }
    const handled = handler(exchange);
    if (handled === undefined) {
      if (grant !== undefined) grant.calls--;
      return;
    }
    handled.then(
      () => {
        if (grant !== undefined) grant.calls--;
      },
      (error: unknown) => {
        if (grant !== undefined) grant.calls--;
        this.#fail(exchange, error);
      },
    );
  }

  #admit(request: IncomingMessage): {
    readonly target: GatewayTarget;
    readonly route: Route;
    readonly grant: Grant | undefined;
    readonly ticket: string | undefined;
  } {
    if (this.#closed) throw new Refusal('UNAVAILABLE', 'the gateway is closed');
    checkAddress(request, this.#settings);
    const { url = '', headers } = request;
    const target = targetOf(url);
    const route = this.#routes.get(target.segments[0] ?? '');
    if (route?.open === true) return { target, route, grant: undefined, ticket: undefined };
    let grant = this.#settings.grants.of(headers.authorization);
    let ticket: string | undefined;
    if (grant === undefined && headers.authorization === undefined && request.method === 'GET') {
      const split = splitTicket(url);
      grant = split && this.#tickets.redeem(split.ticket, split.url);
      ticket = split?.ticket;
    }
    // Before it says whether there is such a path.
    if (grant === undefined) {
      throw new Refusal('UNAUTHENTICATED', 'expected authorization: Bearer with a token', {
        'www-authenticate': 'Bearer realm="busbar"',
      });
    }
    if (route === undefined) throw new Refusal('NOT_FOUND', 'there is no such path');
    return { target, route, grant, ticket };
  }

  #fail(exchange: Exchange, error: unknown): void {
    if (exchange.answered) {
      exchange.destroy();
      return;
    }
    const { status, body, headers } = this.#failureOf(error);
    exchange.json(status, body, headers);
  }
}

const noTarget: GatewayTarget = { segments: [], query: new URLSearchParams() };

function handlerOf({ handlers }: Route, request: IncomingMessage): Handler {
  const { method = '', headers } = request;
  const handler = handlers.get(method);
  if (handler === undefined) {
    const allow = [...handlers.keys()].join(', ');
    throw new Refusal('METHOD_NOT_ALLOWED', `expected ${allow}`, { allow });
  }
  const hasBody = Number(headers['content-length'] ?? 0) > 0 || 'transfer-encoding' in headers;
  if (hasBody && method !== 'POST' && method !== 'PUT') {
    throw new Refusal('BAD_REQUEST', `a ${method} has no body`);
  }
  return handler;
}

function report(
  request: IncomingMessage,
  response: ServerResponse,
  onRequest: (event: GatewayEvent) => void,
): void {
  const began = performance.now();
  const { method = '', url = '', socket } = request;
  const { remoteAddress: remote } = socket;
  response.once('close', () => {
    const path = (url.split('?')[0] ?? '').replace(/^\/region\/.*/, '/region');
    const status = response.headersSent ? response.statusCode : 0;
    onRequest({ method, path, status, milliseconds: performance.now() - began, remote });
  });
}
