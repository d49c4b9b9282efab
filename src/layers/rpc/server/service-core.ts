// One interface, served: its handlers, its load, its properties and signals, and its end.
import { Encoder } from '../coding.js';
import { InvalidArgumentError } from '../errors.js';
import type { Member, Members } from '../members.js';
import { PeerSet, type Port } from '../port.js';
import { codecNumber, formatOf, memberKind } from '../wire/format.js';
import { versionToWire } from '../wire/version.js';
import type {
  Handler as AnyHandler,
  Implementation,
  RemoteMember,
  ServiceState,
} from './handler.js';
import type { Limits } from './limits.js';
import type { RunningCall } from './running-call.js';
import { isExpected } from './write-error.js';

type Handler = AnyHandler<RunningCall>;
type Method = Implementation<RunningCall>;

/** What `serve` was given besides the interface. */
export interface ServiceSetup {
  readonly implementation: object;
  readonly limits: Limits;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly onSet: Readonly<Record<string, unknown>>;
  /** Whether callers get the text of undeclared errors. */
  readonly tellMessages: boolean;
  readonly onError: ((error: unknown, call: RunningCall) => void) | undefined;
  /** Makes the properties and signals that another server has, with those subscribed here. */
  readonly remote?: (member: Member, subscribers: PeerSet) => RemoteMember<RunningCall>;
}

/** The server side of one `serve`. */
export class ServiceCore implements ServiceState<RunningCall> {
  readonly members: Members;
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly implementation: object;
  readonly limits: Limits;
  readonly tellMessages: boolean;
  /** Calls whose methods have not returned yet. */
  running = 0;
  /** Calls that wait for one of those. */
  readonly queued: RunningCall[] = [];
  /** Whether it takes no more calls. */
  leaving = false;
  readonly startedAt = performance.now();
  readonly #port: Port;
  readonly #onSet: ServiceSetup['onSet'];
  readonly #onError: ServiceSetup['onError'];
  // Signals go to many: what they attach could not be lent to all.
  readonly #encoder = new Encoder({ carriesAttachments: false, carriesBytes: false });
  #idle: (() => void)[] = [];

  constructor(port: Port, members: Members, setup: ServiceSetup) {
    this.#port = port;
    this.members = members;
    this.implementation = setup.implementation;
    this.limits = setup.limits;
    this.tellMessages = setup.tellMessages;
    this.#onSet = setup.onSet;
    this.#onError = setup.onError;
    const handlers = new Map<string, Handler>();
    for (const member of members.byName.values()) {
      handlers.set(member.name, this.#handler(member, setup));
    }
    this.handlers = handlers;
  }

  /** Implements a method from now on, or no more. */
  implement(name: string, implementation: unknown): void {
    const handler = this.handlers.get(name);
    if (handler === undefined || handler.member.kind !== 'method') {
      throw refusal(`${this.members.name} has no method '${name}'`);
    }
    if (implementation !== undefined && typeof implementation !== 'function') {
      throw refusal(`${name} is ${typeof implementation}; expected a function`);
    }
    handler.implementation = implementation as Method | undefined;
  }

  /** Sends a signal to everyone who subscribed. */
  emit(handler: Handler, data: unknown): void {
    const { member, subscribers } = handler;
    const payload = this.#encode(member, data ?? {});
    if (subscribers.size === 0) return;
    this.#port.postToAll(subscribers, member.type, emission, payload);
  }

  /** Gives a property another value, and tells everyone who watches it. Returns its new version. */
  setProperty(handler: Handler, value: unknown): number {
    const { member, property, subscribers } = handler;
    if (property === undefined) throw refusal(`${member.name} is no property`);
    const wire = this.#encode(member, value);
    property.value = value;
    property.version++;
    if (subscribers.size === 0) return property.version;
    const version = versionToWire(property.version, codecNumber.messagePack);
    const payload = { value: wire, version };
    // With a key, a slow watcher gets the newest value only.
    this.#port.postToAll(subscribers, member.type, emission, payload, member.type);
    return property.version;
  }

  /** What becomes of a value that a client sets; may throw to refuse it. */
  async acceptValue(handler: Handler, value: unknown, call: RunningCall): Promise<unknown> {
    const { name } = handler.member;
    const hook = Object.hasOwn(this.#onSet, name) ? this.#onSet[name] : undefined;
    if (typeof hook !== 'function') return value;
    const changed: unknown = await Reflect.apply(hook, this.#onSet, [value, call]);
    return changed === undefined ? value : changed;
  }

  /** An error that callers do not get to see whole. */
  report(error: unknown, call: RunningCall): void {
    if (this.#onError === undefined || isExpected(error, call.handler.member)) return;
    this.#onError(error, call);
  }

  forgetQueued(call: RunningCall): void {
    const at = this.queued.indexOf(call);
    if (at >= 0) this.queued.splice(at, 1);
  }

  /** A method has returned. */
  changed(): void {
    if (this.running > 0 || this.queued.length > 0 || this.#idle.length === 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when no method runs. */
  whenIdle(): Promise<void> {
    if (this.running === 0 && this.queued.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #encode(member: Member, value: unknown): unknown {
    if (member.args === undefined) return null;
    return this.#encoder.encode(member.args, value, codecNumber.messagePack);
  }

  #handler(member: Member, setup: ServiceSetup): Handler {
    const subscribers = new PeerSet();
    const isMethod = member.kind === 'method';
    const isKept = member.kind === 'property' && setup.remote === undefined;
    return {
      service: this,
      member,
      implementation: isMethod ? methodOf(setup, member) : undefined,
      subscribers,
      property: isKept ? this.#stateOf(member, setup) : undefined,
      remote: isMethod ? undefined : setup.remote?.(member, subscribers),
      counts: { calls: 0, failures: 0, busyMs: 0 },
    };
  }

  #stateOf(member: Member, { properties }: ServiceSetup) {
    if (!Object.hasOwn(properties, member.name)) {
      throw refusal(`the property ${member.name} of ${member.interface} has no value`);
    }
    const value = properties[member.name];
    this.#encode(member, value);
    // Versions of different servers differ, so that `ifVersion` cannot match another server's.
    return { value, version: Math.floor(Math.random() * 2 ** 31) * 2 ** 20 + 1 };
  }
}

const emission = formatOf(memberKind.emission, codecNumber.messagePack);

function methodOf({ implementation }: ServiceSetup, { name, ...member }: Member): Method {
  // Of an object or of its class, but nothing that every object has: those names are reserved.
  const method: unknown = (implementation as Readonly<Record<string, unknown>>)[name];
  if (typeof method === 'function') return method as Method;
  throw refusal(`the method ${name} of ${member.interface} is not implemented`);
}

function refusal(message: string): InvalidArgumentError {
  return new InvalidArgumentError(message, { executed: 'no' });
}
