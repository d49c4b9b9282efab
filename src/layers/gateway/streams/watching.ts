// Properties and signals as streams: one of them at its own path, or several in one answer, since a
// browser has six connections for all of a host.
import type { LabelExpression } from '../../../index.js';
import type { Interface, Shape } from '../../interface/entry-values.js';
import type { ClientOf, Subscription } from '../../rpc/index.js';
import { receiversOf } from '../calls/call-options.js';
import type { Exposures } from '../calls/exposed.js';
import { memberOfText, type NamedMember } from '../calls/member-path.js';
import type { Values } from '../calls/values.js';
import type { Exchange } from '../http/exchange.js';
import { Refusal } from '../http/refusal.js';
import { eventText, type StreamAnswer, type StreamKind } from '../http/stream-answer.js';
import { kindOf } from './kind.js';

/** Members in one answer. */
const mostMembers = 64;
/** Signals that wait for their reader; older ones are dropped, and counted. */
const mostSignals = 1024;

interface WatchedProperty {
  on(event: 'change', listener: (value: unknown, version: number) => void): Subscription;
  on(event: 'stale', listener: () => void): Subscription;
}

/** Answers with values and signals as they come. */
export class Watching {
  readonly #exposures: Exposures;
  readonly #values: Values;

  constructor(exposures: Exposures, values: Values) {
    this.#exposures = exposures;
    this.#values = values;
  }

  /** `GET /events?of=…&of=…`: several members; each part says which one it is of. */
  async events(exchange: Exchange): Promise<void> {
    const texts = exchange.target.query.getAll('of');
    if (texts.length === 0 || texts.length > mostMembers) {
      throw new Refusal('BAD_REQUEST', `expected 1 to ${mostMembers} parameters 'of'`);
    }
    const members: (NamedMember & { readonly event: string })[] = [];
    for (const event of new Set(texts)) {
      members.push({ ...(await memberOfText(exchange, this.#exposures, event)), event });
    }
    await this.#answer(exchange, members);
  }

  /** One property or signal. */
  async one(exchange: Exchange, member: NamedMember): Promise<void> {
    await this.#answer(exchange, [{ ...member, event: undefined }]);
  }

  async #answer(
    exchange: Exchange,
    members: readonly (NamedMember & { readonly event: string | undefined })[],
  ): Promise<void> {
    const kind = kindOf(exchange);
    for (const { exposed, name } of members) {
      if (exposed.shapes.properties.has(name) || exposed.shapes.signals.has(name)) continue;
      throw new Refusal('NOT_FOUND', `${exposed.source.name} has no such property or signal`);
    }
    const to = receiversOf(exchange);
    const clients = await Promise.all(members.map((each) => this.#clientOf(each, to)));
    const answer = exchange.stream(kind);
    const outbox = new Outbox(answer, kind);
    const subscriptions = members.flatMap((member, at) =>
      this.#subscribe(clients[at] as ClientOf<Interface>, member, outbox, exchange),
    );
    answer.onClose(() => {
      for (const each of subscriptions) each.close();
    });
  }

  #clientOf(
    { exposed }: NamedMember,
    to: LabelExpression | undefined,
  ): Promise<ClientOf<Interface>> {
    if (to === undefined) return Promise.resolve(exposed.client);
    return this.#exposures.narrowed(exposed, to);
  }

  #subscribe(
    client: ClientOf<Interface>,
    { exposed, name, event }: NamedMember & { readonly event: string | undefined },
    outbox: Outbox,
    exchange: Exchange,
  ): readonly Subscription[] {
    const json = (shape: Shape, value: unknown) => this.#values.json(shape, value, exchange);
    const property = exposed.shapes.properties.get(name);
    if (property !== undefined) {
      const watched = (client as unknown as Record<string, WatchedProperty>)[
        name
      ] as WatchedProperty;
      return [
        watched.on('change', (value, version) =>
          outbox.newest(event, { value: json(property, value), version }, String(version)),
        ),
        watched.on('stale', () => outbox.newest(event, { stale: true })),
      ];
    }
    const signal = exposed.shapes.signals.get(name);
    if (signal === undefined) return [];
    return [
      client.on(name as never, (data: unknown) =>
        outbox.push(event, { signal: data === undefined ? null : json(signal, data) }),
      ),
    ];
  }
}

/** What waits for one reader. */
class Outbox {
  readonly #answer: StreamAnswer;
  readonly #kind: StreamKind;
  /** The newest value of each property. */
  readonly #values = new Map<string | undefined, string>();
  #signals: string[] = [];
  #dropped = 0;
  #writing = false;

  constructor(answer: StreamAnswer, kind: StreamKind) {
    this.#answer = answer;
    this.#kind = kind;
  }

  /** A value, which replaces an older one that waits. */
  newest(event: string | undefined, part: object, id?: string): void {
    this.#values.set(event, this.#text(event, part, event === undefined ? id : undefined));
    this.#write();
  }

  push(event: string | undefined, part: object): void {
    this.#signals.push(this.#text(event, part));
    if (this.#signals.length > mostSignals) {
      this.#signals.shift();
      this.#dropped++;
    }
    this.#write();
  }

  #text(event: string | undefined, part: object, id?: string): string {
    if (this.#kind === 'events') return eventText(event, JSON.stringify(part), id);
    return `${JSON.stringify(event === undefined ? part : { of: event, ...part })}\n`;
  }

  #write(): void {
    if (this.#writing || this.#answer.over) return;
    this.#writing = true;
    void this.#writeAll().finally(() => {
      this.#writing = false;
    });
  }

  async #writeAll(): Promise<void> {
    for (;;) {
      const parts = [...this.#values.values(), ...this.#signals];
      if (this.#dropped > 0) parts.push(this.#text(undefined, { lost: this.#dropped }));
      this.#values.clear();
      this.#signals = [];
      this.#dropped = 0;
      if (parts.length === 0 || !(await this.#answer.write(parts.join('')))) return;
    }
  }
}
