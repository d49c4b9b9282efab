// A property as a client has it.

import { nameOf } from '../caller/pending-call.js';
import type { Versioned } from '../caller/property-call.js';
import type { Watch } from '../caller/watch.js';
import type { Member } from '../members.js';
import { type CallOptions, checkCall, refusal, type SetOptions } from '../options.js';
import { memberKind } from '../wire/format.js';
import { versionToWire } from '../wire/version.js';
import type { ClientCore } from './client-core.js';
import { callListener, Subscribed, type Subscription } from './subscription.js';

/** A value that was seen while watching. */
export interface Watched<T = unknown> extends Versioned<T> {
  /** Whether its server is gone, so that the value may be wrong by now. */
  readonly stale: boolean;
}

type Step<T> = IteratorResult<T, void>;

/** Watches a property: an iterator that always has the newest value only. */
class Newest implements AsyncIterableIterator<Watched, void, undefined> {
  #next: Watched | undefined;
  #last: Watched | undefined;
  #error: Error | undefined;
  #ended = false;
  #waiting: { resolve: (step: Step<Watched>) => void; reject: (error: Error) => void }[] = [];
  readonly #watch: Watch;

  constructor(core: ClientCore, member: Member, options: CallOptions | undefined) {
    this.#watch = core.watch(member, options, {
      active: () => undefined,
      data: (data) => this.#push({ ...(data as Versioned), stale: false }),
      stale: () => this.#last !== undefined && this.#push({ ...this.#last, stale: true }),
      failed: (error) => this.#fail(error),
    });
  }

  next(): Promise<Step<Watched>> {
    const value = this.#next;
    if (value !== undefined) {
      this.#next = undefined;
      return Promise.resolve({ done: false, value });
    }
    if (this.#ended) {
      const error = this.#error;
      this.#error = undefined;
      return error === undefined ? Promise.resolve(over) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  return(): Promise<Step<Watched>> {
    this.#next = undefined;
    this.#ended = true;
    this.#watch.cancel(new Error('left'));
    for (const { resolve } of this.#waiting.splice(0)) resolve(over);
    return Promise.resolve(over);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #push(value: Watched): void {
    if (this.#ended) return;
    this.#last = value;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#next = value;
    else waiting.resolve({ done: false, value });
  }

  #fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    const [first, ...others] = this.#waiting.splice(0);
    if (first === undefined) this.#error = error;
    else first.reject(error);
    for (const { resolve } of others) resolve(over);
  }
}

const over: Step<never> = Object.freeze({ done: true, value: undefined });

/** A property of the server. */
export class ClientProperty {
  readonly #core: ClientCore;
  readonly #member: Member;

  constructor(core: ClientCore, member: Member) {
    this.#core = core;
    this.#member = member;
  }

  async get(options?: CallOptions): Promise<unknown> {
    return (await this.read(options)).value;
  }

  async read(options?: CallOptions): Promise<Versioned> {
    if (options !== undefined) checkCall(options);
    const { call } = memberKind;
    return (await this.#core.property(this.#member, call, null, options)) as Versioned;
  }

  async set(value: unknown, options?: SetOptions): Promise<number> {
    const member = this.#member;
    if (!member.writable || member.args === undefined) {
      throw refusal(`${nameOf(member)} is read-only`);
    }
    if (options !== undefined) checkCall(options, ['ifVersion']);
    const ifVersion = options?.ifVersion;
    if (ifVersion !== undefined && !Number.isSafeInteger(ifVersion)) {
      throw refusal(`ifVersion is ${String(ifVersion)}; expected a version`);
    }
    const { codec } = this.#core.settings;
    let wire: unknown;
    try {
      wire = member.args.encode(value, undefined, codec === 1 ? 'json' : 'messagepack');
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw refusal(`${nameOf(member)}: ${text}`, error);
    }
    const payload =
      ifVersion === undefined
        ? { value: wire }
        : { value: wire, ifVersion: versionToWire(ifVersion, codec) };
    return (await this.#core.property(member, memberKind.set, payload, options)) as number;
  }

  watch(options?: CallOptions): AsyncIterableIterator<Watched, void, undefined> {
    return new Newest(this.#core, this.#member, options);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    for await (const { value, stale } of this.watch()) if (!stale) yield value;
  }

  on(event: 'change' | 'stale', listener: (value: never, version: number) => void): Subscription {
    if (event !== 'change' && event !== 'stale') {
      throw refusal(`a property has no event '${String(event)}'; known: change, stale`);
    }
    if (typeof listener !== 'function') throw refusal('the listener is no function');
    const subscribed = new Subscribed(() => undefined);
    let last: Versioned | undefined;
    const watch = this.#core.watch(this.#member, undefined, {
      active: () => subscribed.active(),
      data: (data) => {
        last = data as Versioned;
        if (event === 'change') callListener(listener, last.value, last.version);
      },
      stale: () => {
        if (event === 'stale') callListener(listener, last?.value, last?.version);
      },
      failed: (error) => subscribed.failed(error),
    });
    subscribed.watches.add(watch);
    return subscribed;
  }
}
