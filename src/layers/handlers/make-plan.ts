// Makes the plan of a table: everything that can be wrong with it is found here, before anything is
// joined.
import { show } from '../../base/show.js';
import {
  type AnyMessageType,
  type MessageBox,
  messageBox,
  type OutgoingMessage,
  openBox,
  raw,
  type Selector,
  unicast,
} from '../../index.js';
import type { Middleware } from './any-message.js';
import { checkKeys, checkWhole, isExpression, isSelector } from './checks.js';
import type { MessageContext } from './context.js';
import { type DeadLetterPlace, deadLetterOf } from './dead-letters.js';
import { TableError } from './errors.js';
import { forwardRun } from './forward.js';
import { compose, type Run } from './middleware.js';
import { middlewareOf } from './middleware-list.js';
import type { Hook, Plan, RoutePlan } from './plan.js';
import { retryOf } from './retry.js';
import type { SeatMessage } from './seat.js';
import { conditionOf } from './sender-condition.js';
import { isServed, type Served } from './served.js';

/** What a table is made with beside itself. */
export interface PlanSettings {
  readonly use: readonly Middleware[];
  readonly deadLetter: DeadLetterPlace | undefined;
}

const routeKeys = ['name', 'from', 'concurrency', 'queue', 'retry', 'use'];
const handlerKeys = [...routeKeys, 'run', 'order', 'deadLetter'];
const forwardKeys = [...routeKeys, 'forward'];
const hookNames = ['onStart', 'onIdle', 'onStop'] as const;
const mostAtOnce = 65_535;

/** A route as it was given. */
interface Given {
  readonly name?: unknown;
  readonly from?: unknown;
  readonly concurrency?: unknown;
  readonly queue?: unknown;
  readonly retry?: unknown;
  readonly use?: unknown;
  readonly run?: unknown;
  readonly order?: unknown;
  readonly deadLetter?: unknown;
  readonly forward?: unknown;
}

/**
 * Checks a table and compiles it.
 * @throws TableError if it does not fit the box. InvalidArgumentError if an option of a route is
 * wrong; SelectorSyntaxError if a condition is.
 */
export function makePlan(box: MessageBox, table: object, settings: PlanSettings): Plan {
  if (typeof table !== 'object' || table === null) {
    throw new TableError(`the table is ${show(table)}; expected an object`);
  }
  const types = typesOf(box);
  const emits = new Map<string, Selector | undefined>();
  const routes = new Map<string, readonly RoutePlan[]>();
  const forwarded = new Set<string>();
  const found = table as Readonly<Record<string, unknown>>;
  const missing: string[] = [];
  for (const [key, type] of types) {
    const entry = found[key];
    if (entry === undefined) {
      missing.push(`'${key}'`);
      continue;
    }
    const maker = new RouteMaker(table, key, type, settings, (value) => isOutgoing(value));
    const parts = Array.isArray(entry) ? entry : [entry];
    const made: RoutePlan[] = [];
    for (const part of parts as unknown[]) {
      if (isDestination(part)) emits.set(key, part.emits);
      else made.push(maker.route(part, parts.length > 1));
    }
    if (maker.forwards) forwarded.add(key);
    if (maker.forwards && made.length > 1) {
      throw new TableError(`'${key}' has a route that forwards, so it can have no other`, key);
    }
    refuseUnreachable(key, made);
    if (made.length > 0) routes.set(maker.forwards ? type.id : key, made);
  }
  if (missing.length > 0) {
    throw new TableError(
      `the table has no route for ${missing.join(', ')}; ` +
        'a type that is only sent is emits(selector) or emits()',
    );
  }
  return {
    types,
    box: boxFor(box, types, forwarded),
    routes,
    emits,
    services: servicesOf(found, types),
    hooks: hooksOf(found, types),
  };
}

/** The types of a box by their keys. */
export function typesOf(box: MessageBox): ReadonlyMap<string, AnyMessageType> {
  const types = new Map<string, AnyMessageType>();
  const factories = box as unknown as Readonly<Record<string, (payload?: unknown) => unknown>>;
  for (const key of typeof box === 'object' && box !== null ? Object.keys(box) : []) {
    const message = factories[key]?.(undefined);
    if (isOutgoing(message)) types.set(key, message.entry.type);
  }
  if (types.size > 0) return types;
  throw new TableError(`the box is ${show(box)}; expected one made by messageBox({ … })`);
}

function isOutgoing(value: unknown): value is OutgoingMessage {
  return typeof (value as OutgoingMessage | null)?.entry?.type?.codec?.encode === 'function';
}

// A forwarded type is not among those that the endpoint decodes.
function boxFor(
  box: MessageBox,
  types: ReadonlyMap<string, AnyMessageType>,
  forwarded: ReadonlySet<string>,
): MessageBox {
  if (forwarded.size === 0) return openBox(box);
  const rest = [...types].filter(([key]) => !forwarded.has(key));
  return rest.length === 0 ? raw : openBox(messageBox(Object.fromEntries(rest)));
}

function servicesOf(
  table: Readonly<Record<string, unknown>>,
  types: ReadonlyMap<string, AnyMessageType>,
): readonly Served[] {
  const services: Served[] = [];
  // Methods of a class are on its prototype; those with other names are the class's own business.
  for (const key of Object.keys(table)) {
    const value = table[key];
    if (types.has(key) || (hookNames as readonly string[]).includes(key)) continue;
    if (isServed(value)) {
      if (value.source.name !== key) {
        throw new TableError(`the interface ${value.source.name} is under '${key}'`, key);
      }
      services.push(value);
    } else if (looksLikeRoute(value)) {
      const known = [...types.keys()].map((name) => `'${name}'`).join(', ');
      throw new TableError(`'${key}' is no type of the box; it has ${known}`, key);
    }
  }
  return services;
}

// Fields of a class instance with other contents are its own.
function looksLikeRoute(value: unknown): boolean {
  if (typeof value === 'function' || Array.isArray(value)) return true;
  return typeof value === 'object' && value !== null && ('run' in value || 'forward' in value);
}

function hooksOf(
  table: Readonly<Record<string, unknown>>,
  types: ReadonlyMap<string, AnyMessageType>,
): Plan['hooks'] {
  const [onStart, onIdle, onStop] = hookNames.map((name): Hook => {
    if (types.has(name)) {
      throw new TableError(`the box has a type '${name}', which is the name of a hook`, name);
    }
    const hook = table[name];
    if (hook === undefined) return undefined;
    if (typeof hook !== 'function') {
      throw new TableError(`${name} is ${show(hook)}; expected a function`, name);
    }
    return (sender) => Reflect.apply(hook, table, [sender]);
  });
  return { onStart, onIdle, onStop };
}

function isDestination(value: unknown): value is { readonly emits: Selector | undefined } {
  if (typeof value !== 'object' || value === null || !('emits' in value)) return false;
  return value.emits === undefined || isSelector(value.emits);
}

function refuseUnreachable(key: string, routes: readonly RoutePlan[]): void {
  const all = routes.findIndex(({ from }) => from === undefined);
  if (all < 0 || all === routes.length - 1) return;
  throw new TableError(
    `route ${all + 1} of '${key}' takes the messages of all senders, so the one behind it gets none`,
    key,
  );
}

/** Makes the routes of one type. */
class RouteMaker {
  forwards = false;
  readonly #table: object;
  readonly #key: string;
  readonly #type: AnyMessageType;
  readonly #settings: PlanSettings;
  readonly #isReply: (value: unknown) => boolean;
  #count = 0;

  constructor(
    table: object,
    key: string,
    type: AnyMessageType,
    settings: PlanSettings,
    isReply: (value: unknown) => boolean,
  ) {
    this.#table = table;
    this.#key = key;
    this.#type = type;
    this.#settings = settings;
    this.#isReply = isReply;
  }

  route(entry: unknown, several: boolean): RoutePlan {
    this.#count++;
    const where = `the route '${this.#key}'`;
    const given: Given = typeof entry === 'function' ? { run: entry } : this.#checked(where, entry);
    const { name = several ? `${this.#key} ${this.#count}` : this.#key } = given;
    if (typeof name !== 'string' || name === '') {
      throw new TableError(`name of ${where} is ${show(name)}; expected a text`, this.#key);
    }
    const { run, to } = this.#runOf(given, typeof entry === 'function' ? this.#table : entry);
    const { mode, concurrency, queue, order } = turnsOf(where, given);
    const middleware = [...this.#settings.use, ...middlewareOf(where, given.use)];
    return {
      name,
      type: this.#key,
      from: given.from === undefined ? undefined : this.#condition(given.from),
      mode,
      concurrency,
      queue,
      order,
      retry: retryOf(where, given.retry),
      run: compose(middleware, run),
      deadLetter: deadLetterOf(
        where,
        (given.deadLetter as DeadLetterPlace | undefined) ?? this.#settings.deadLetter,
        this.#type,
      ),
      to,
      isReply: this.#isReply,
    };
  }

  #checked(where: string, entry: unknown): Given {
    if (typeof entry !== 'object' || entry === null) {
      throw new TableError(
        `${where} is ${show(entry)}; expected a function, { run }, { forward } or emits(…)`,
        this.#key,
      );
    }
    const own = entry as Given;
    const forwards = own.forward !== undefined;
    // A route may be an instance of a class, so its own keys are not all that it has.
    checkKeys(where, Object.fromEntries(Object.entries(own)), forwards ? forwardKeys : handlerKeys);
    if (forwards !== (own.run !== undefined)) return own;
    throw new TableError(`${where} has no 'run' and no 'forward'`, this.#key);
  }

  #condition(from: unknown) {
    if (typeof from === 'string' || isExpression(from)) return conditionOf(from);
    throw new TableError(
      `from of the route '${this.#key}' is ${show(from)}; expected a label expression`,
      this.#key,
    );
  }

  #runOf(given: Given, self: unknown): { run: Run<MessageContext>; to: string | undefined } {
    if (given.forward !== undefined) {
      this.forwards = true;
      return forwardRun(given.forward, this.#key);
    }
    const { run: handler } = given;
    if (typeof handler !== 'function') {
      throw new TableError(
        `run of the route '${this.#key}' is ${show(handler)}; expected a function`,
        this.#key,
      );
    }
    const bound = (handler as (payload: unknown, context: unknown) => unknown).bind(self);
    return { run: (message, context) => bound(message.payload, context), to: undefined };
  }
}

interface Turns {
  readonly mode: RoutePlan['mode'];
  readonly concurrency: number;
  readonly queue: number;
  readonly order: RoutePlan['order'];
}

function turnsOf(where: string, { order, concurrency, queue }: Given): Turns {
  if (order !== undefined && typeof order !== 'function') {
    throw new TableError(`order of ${where} is ${show(order)}; expected a function`);
  }
  const mode =
    order !== undefined ? 'ordered' : concurrency === undefined ? 'serial' : 'concurrent';
  const byDefault = mode === 'ordered' ? 16 : 1;
  return {
    mode,
    concurrency: checkWhole(`concurrency of ${where}`, concurrency ?? byDefault, 1, mostAtOnce),
    queue: checkWhole(`queue of ${where}`, queue ?? (mode === 'ordered' ? 64 : 0), 0, mostAtOnce),
    order: order as ((message: SeatMessage) => string | number | undefined) | undefined,
  };
}

/** What `emits` makes of its argument. */
export function destinationOf(to: Selector | string | undefined): Selector | undefined {
  return typeof to === 'string' ? unicast(to) : to;
}
