// serve(): services over a session that somebody opens.
import type { Interface } from '../interface/entry-values.js';
import { asyncDispose } from './host.js';
import { type Members, membersOf } from './members.js';
import { checkNames, isList, refusal } from './options.js';
import { type LimitOptions, limitNames, limitsOf } from './server/limits.js';
import type { RunningCall } from './server/running-call.js';
import { ServiceCore } from './server/service-core.js';
import type { Session } from './session.js';

/** Options of `serve`, without those of the interface's properties. */
export interface ServeOptions extends LimitOptions {
  /** Further labels of the server's endpoint, for the `to` of its callers. Default: none. */
  readonly label?: string | readonly string[] | undefined;
  /**
   * Whether callers get the text of an error that the interface does not declare. They never get
   * its stack. Default: `'tell'`.
   */
  readonly errorMessages?: 'tell' | 'hide' | undefined;
  /** Called with each error that callers see as `HANDLER_FAILED` or `INVALID_RESULT` only. */
  readonly onError?: ((error: unknown, call: { readonly method: string }) => void) | undefined;
  /** Milliseconds that methods still running get when the service is closed. Default: 5,000. */
  readonly linger?: number | undefined;
}

/** The options as they come, with the values of properties. */
export interface AnyServeOptions extends ServeOptions {
  readonly properties?: object | undefined;
  readonly onSet?: object | undefined;
}

const optionNames = [
  ...limitNames,
  ...['label', 'errorMessages', 'onError', 'linger', 'properties', 'onSet'],
];
const byDefault = 5000;

/** An interface with its implementation. */
interface Served {
  readonly source: Interface;
  readonly implementation: object;
}

/**
 * A service of an interface, or a list of services. `open` gives their session, for an endpoint with
 * labels.
 */
export async function serveOneOrMore(
  open: (labels: readonly string[]) => Promise<Session> | Session,
  sources: Interface | readonly Interface[],
  implementations: object,
  options: AnyServeOptions | undefined,
): Promise<unknown> {
  if (isList(sources)) {
    const served = sources.map((source, index) => ({
      source,
      implementation: (implementations as readonly object[])[index] as object,
    }));
    return serveWith(open, served, options);
  }
  const served = [{ source: sources, implementation: implementations }];
  const [service] = await serveWith(open, served, options);
  return service;
}

/** Makes one service for each interface. `open` gives their session, for an endpoint with labels. */
export async function serveWith(
  open: (labels: readonly string[]) => Promise<Session> | Session,
  served: readonly Served[],
  options: AnyServeOptions = {},
): Promise<readonly object[]> {
  checkNames('serve()', options, optionNames);
  if (served.length === 0) throw refusal('serve() of no interface');
  const linger = options.linger ?? byDefault;
  if (typeof linger !== 'number' || !(linger >= 0)) {
    throw refusal(`linger is ${String(linger)}; expected milliseconds`);
  }
  const limits = limitsOf(options);
  const members = served.map(({ source }) => membersOf(source));
  const properties = ownOf(options.properties, 'properties');
  const onSet = ownOf(options.onSet, 'onSet');
  // Checked before anything is joined: a service that cannot start must not be found by callers.
  const make = (session: Session) =>
    served.map(({ implementation }, index) => {
      if (typeof implementation !== 'object' || implementation === null) {
        throw refusal('the implementation is no object');
      }
      return new ServiceCore(session.port, members[index] as Members, {
        implementation,
        limits,
        properties,
        onSet,
        tellMessages: options.errorMessages !== 'hide',
        onError: reporter(options.onError),
      });
    });
  const labels = labelsOf(members, options.label);
  const session = await open(labels);
  let cores: readonly ServiceCore[];
  try {
    cores = make(session);
    for (const core of cores) refuseTwice(session, core);
  } catch (error) {
    session.use();
    await session.release(0);
    throw error;
  }
  return cores.map((core) => {
    session.use();
    session.server.add(core);
    return serviceOf(session, core, linger);
  });
}

/** Refuses an interface that a session serves already. */
export function refuseTwice(session: Session, { members }: ServiceCore): void {
  for (const { type } of members.byName.values()) {
    if (session.server.serves(type)) throw refusal(`${members.name} is served here already`);
  }
}

function labelsOf(
  members: readonly Members[],
  also: string | readonly string[] | undefined,
): readonly string[] {
  const own = also === undefined ? [] : typeof also === 'string' ? [also] : also;
  return [...new Set([...own, ...members.flatMap(({ name, label }) => [name, label])])];
}

function ownOf(given: unknown, option: string): Readonly<Record<string, unknown>> {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null) throw refusal(`${option} is no object`);
  return given as Readonly<Record<string, unknown>>;
}

function reporter(onError: unknown): ((error: unknown, call: RunningCall) => void) | undefined {
  if (onError === undefined) return undefined;
  if (typeof onError !== 'function') throw refusal('onError is no function');
  return (error, { handler }) => {
    try {
      Reflect.apply(onError, undefined, [error, { method: handler.member.name }]);
    } catch (thrown) {
      // An uncaught exception of the program, which must not cost the call its answer.
      queueMicrotask(() => {
        throw thrown;
      });
    }
  };
}

const serviceCores = new WeakMap<object, ServiceCore>();

/** What the program holds of a service. */
function serviceOf(session: Session, core: ServiceCore, linger: number): object {
  const emit: Record<string, unknown> = {};
  const service: object = {};
  for (const handler of core.handlers.values()) {
    const { kind, name } = handler.member;
    if (kind === 'signal') emit[name] = (data?: unknown) => core.emit(handler, data);
    if (kind !== 'property') continue;
    Object.defineProperty(service, name, {
      enumerable: true,
      get: () => handler.property?.value,
      set: (value: unknown) => core.setProperty(handler, value),
    });
  }
  let closing: Promise<void> | undefined;
  const close = (options?: { readonly linger?: number | undefined }) => {
    closing ??= closeService(session, core, options?.linger ?? linger);
    return closing;
  };
  const own = { emit: Object.freeze(emit), close, [asyncDispose]: () => close() };
  for (const key of Reflect.ownKeys(own)) {
    Object.defineProperty(service, key, { value: own[key as 'close'], enumerable: false });
  }
  serviceCores.set(service, core);
  return service;
}

/** Ends a service: calls that run get `linger` milliseconds. */
export async function closeService(
  session: Session,
  core: ServiceCore,
  linger: number,
): Promise<void> {
  const until = performance.now() + linger;
  core.leaving = true;
  await session.port.retire(core.members, Math.min(linger, 1000));
  await finished(core, linger);
  session.server.remove(core);
  await session.release(Math.max(0, Math.min(1000, until - performance.now())));
}

// Resolves when no method runs, or the time is up.
async function finished(core: ServiceCore, linger: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(linger, 0x7fff_ffff));
  });
  await Promise.race([core.whenIdle(), late]);
  clearTimeout(timer);
}

/**
 * Implements a method of a running service from now on, in place of what it had; with `undefined`
 * it is not implemented any more, and calls go to other servers or reject with
 * `UnknownMethodError`.
 * @throws InvalidArgumentError if the interface has no such method.
 */
export function implement(
  service: object,
  method: string,
  implementation: ((args: never, call: never) => unknown) | undefined,
): void {
  const core = serviceCores.get(service);
  if (core === undefined) throw refusal('expected a service made by serve()');
  core.implement(method, implementation);
}
