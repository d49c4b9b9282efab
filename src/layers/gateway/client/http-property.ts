// Properties and signals, as the client of a gateway has them.
import {
  type CallOptions,
  InvalidArgumentError,
  type Member,
  PeerGoneError,
  type SetOptions,
  type Subscription,
  type Versioned,
  type Watched,
} from '../../rpc/entry-port.js';
import { encoded } from './encoded.js';
import { linesIn } from './line-reader.js';
import type { Requests } from './requests.js';

const json = 'application/json';
const lines = 'application/x-ndjson';

interface Part {
  readonly value?: unknown;
  readonly version?: number;
  readonly stale?: boolean;
  readonly signal?: unknown;
}

/** A property of the server. */
export class HttpProperty {
  readonly #member: Member;
  readonly #requests: Requests;
  readonly #path: string;

  constructor(member: Member, requests: Requests) {
    this.#member = member;
    this.#requests = requests;
    this.#path = `/property/${requests.place}/${member.name}`;
  }

  async get(options?: CallOptions): Promise<unknown> {
    return (await this.read(options)).value;
  }

  async read(options: CallOptions = {}): Promise<Versioned> {
    const ask = { method: 'GET', accept: json };
    const answer = await this.#requests.send(this.#path, ask, this.#member, options, true);
    const value = this.#member.args?.decode(await answer.json(), undefined, 'json');
    return { value, version: versionIn(answer) };
  }

  async set(value: unknown, options: SetOptions = {}): Promise<number> {
    const { args, name, writable } = this.#member;
    if (!writable || args === undefined) throw refusal(`${name} is read-only`);
    const { ifVersion, ...rest } = options;
    const ask = {
      method: 'PUT',
      body: encoded(args, value, name),
      type: json,
      accept: json,
      ...(ifVersion !== undefined && { ifMatch: `"${ifVersion}"` }),
    };
    return versionIn(await this.#requests.send(this.#path, ask, this.#member, rest, true));
  }

  async *watch(options: CallOptions = {}): AsyncGenerator<Watched, void, undefined> {
    const member = this.#member;
    const ask = { method: 'GET', accept: lines };
    let last: Watched | undefined;
    for await (const part of linesIn(
      await this.#requests.send(this.#path, ask, member, options, false),
    )) {
      const { value, version = 0, stale } = part as Part;
      if (stale === true) {
        if (last !== undefined) yield { ...last, stale: true };
        continue;
      }
      last = { value: member.args?.decode(value, undefined, 'json'), version, stale: false };
      yield last;
    }
    throw new PeerGoneError(`the gateway of ${member.name} is gone`, { executed: 'maybe' });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    for await (const { value, stale } of this.watch()) if (!stale) yield value;
  }

  on(event: 'change' | 'stale', listener: (value: unknown, version: number) => void): Subscription {
    if (event !== 'change' && event !== 'stale') {
      throw refusal(`a property has no event '${String(event)}'; known: change, stale`);
    }
    return subscription(listener, async (active, signal) => {
      for await (const { value, version, stale } of this.watch({ signal })) {
        active();
        if (stale === (event === 'stale')) heard(() => listener(value, version));
      }
    });
  }
}

/** Listens to a signal. */
export function listen(
  member: Member | undefined,
  name: string,
  listener: (data: unknown) => void,
  requests: Requests,
): Subscription {
  if (member?.kind !== 'signal') throw refusal(`there is no signal '${name}'`);
  return subscription(listener, async (active, signal) => {
    const ask = { method: 'GET', accept: lines };
    const path = `/signal/${requests.place}/${name}`;
    const answer = await requests.send(path, ask, member, { signal }, false);
    active();
    for await (const part of linesIn(answer)) {
      const { signal: data } = part as Part;
      if (data === undefined) continue;
      const value = data === null ? undefined : member.args?.decode(data, undefined, 'json');
      heard(() => listener(value));
    }
    throw new PeerGoneError(`the gateway of ${name} is gone`, { executed: 'maybe' });
  });
}

/** The error of a listener is an uncaught exception, as that of an event listener. */
function heard(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function subscription(
  listener: unknown,
  run: (active: () => void, signal: AbortSignal) => Promise<void>,
): Subscription {
  if (typeof listener !== 'function') throw refusal('the listener is no function');
  const stop = new AbortController();
  const ready = new Promise<void>((resolve, reject) => {
    run(resolve, stop.signal).catch(reject);
  });
  // Nobody has to wait for it.
  ready.catch(() => undefined);
  const close = () => stop.abort(new Error('the subscription was closed'));
  return { ready, close, [disposing]: close } as Subscription;
}

const disposing: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol('dispose') as typeof Symbol.dispose);

function versionIn({ headers }: Response): number {
  const [, version = '0'] = /^"(\d+)"$/.exec(headers.get('etag') ?? '') ?? [];
  return Number(version);
}

function refusal(text: string): InvalidArgumentError {
  return new InvalidArgumentError(text, { executed: 'no' });
}
