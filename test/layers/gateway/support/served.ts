// A bus with a server and a gateway to it, and requests to that.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { type Gateway, type GatewayOptions, serveGateway } from 'busbar/gateway';
import { type ServiceOf, serve } from 'busbar/rpc';
import { newBus } from '../../../support/program.js';
import { Secret, Thermostat, thermostat, values } from './interface.js';

/** What tests have of a gateway. */
export interface Served {
  readonly bus: string;
  readonly gateway: Gateway;
  readonly service: ServiceOf<typeof Thermostat>;
  /** What the methods have told. */
  readonly news: string[];
  /** Resolves when the methods have told this. */
  told(news: string): Promise<void>;
  /** A request with the token. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** A call by POST. */
  call(method: string, args?: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** Serves {@link Thermostat} and {@link Secret}, of which a gateway exposes the first. */
export async function servedGateway(
  t: ExecutionContext,
  options: Partial<GatewayOptions> = {},
): Promise<Served> {
  const bus = newBus();
  const news: string[] = [];
  let look: () => void = () => undefined;
  const hear = (each: string) => {
    news.push(each);
    look();
  };
  const told = (wanted: string) =>
    new Promise<void>((resolve) => {
      const before = look;
      look = () => {
        before();
        if (news.includes(wanted)) resolve();
      };
      look();
    });
  const secret = {
    tell() {
      hear('secret');
      return 'secret';
    },
  };
  const [service, other] = await serve(
    bus,
    [Thermostat, Secret],
    [thermostat(hear), secret],
    values,
  );
  const gateway = await serveGateway(bus, { expose: [Thermostat], ...options });
  t.teardown(async () => {
    await gateway.close({ linger: 0 });
    await Promise.all([service, other].map((each) => each.close({ linger: 0 })));
  });
  const request = (path: string, init: RequestInit = {}) =>
    fetch(`${gateway.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${gateway.token}`, ...init.headers },
    });
  const call = (method: string, args?: unknown, headers: Record<string, string> = {}) =>
    request(`/call/com.example.thermostat/1/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      ...(args !== undefined && { body: JSON.stringify(args) }),
    });
  return { bus, gateway, service, news, told, request, call };
}

/** A process that serves {@link Thermostat} at a bus, and what its methods have told. */
export async function servingProcess(
  t: ExecutionContext,
  bus: string,
  label: string,
): Promise<{ readonly child: ChildProcess; told(news: string): Promise<void> }> {
  const program = fileURLToPath(new URL('serving-program.js', import.meta.url));
  const child = fork(program, [bus, label], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  t.teardown(() => child.kill('SIGKILL'));
  const told = (wanted: string) =>
    new Promise<void>((resolve, reject) => {
      child.on('message', (news) => news === wanted && resolve());
      child.once('exit', () => reject(new Error(`the program ended before it told '${wanted}'`)));
    });
  await told('serving');
  return { child, told };
}

/** What a request that failed says. */
export interface Told {
  readonly code: string;
  readonly message: string;
  readonly data?: unknown;
  readonly details?: { readonly executed: string };
}

/** Status and code of an answer that is an error. */
export async function refusalOf(asked: Response | Promise<Response>): Promise<string> {
  const answer = await asked;
  const { code } = (await answer.json()) as Told;
  return `${answer.status} ${code}`;
}
