// An interface that is served on the bus, as an instance that Stinger's clients find and call.
import type { StingerImport, StingerMember } from '../../interface/index.js';
import {
  ClientCore,
  clearTimeout,
  codecNumber,
  type Member,
  type Members,
  membersOf,
  type Session,
  setTimeout,
  type Watch,
} from '../../rpc/entry-port.js';
import type { ArrivedMessage } from '../message.js';
import { announcementOf } from './announcement.js';
import { decoded, ExposedProperty } from './exposed-property.js';
import { payloadOf, type StingerLine } from './line.js';
import { fromStinger, PayloadError, readJson } from './payload.js';
import { codeOf, returnCode } from './return-codes.js';

/** How interfaces are exposed. */
export interface ExposeSettings {
  /** The id of the instance. */
  readonly instance: string;
  /** Whom calls go to. */
  readonly to: unknown;
  /** Milliseconds that a request may take. */
  readonly timeout: number;
  /** Seconds between two announcements. */
  readonly advertiseSeconds: number;
  /** Requests under way. */
  readonly maxCalls: number;
  /** Further values in announcements: those of the templates' own names. */
  readonly params: Readonly<Record<string, string>>;
}

/** Requests that are remembered, so that one that comes twice is executed once. */
const remembered = 4096;

/** One interface. */
export class Exposed {
  readonly #line: StingerLine;
  readonly #back: Session;
  readonly #settings: ExposeSettings;
  readonly #wire: StingerImport['wire'];
  readonly #members: Members;
  readonly #core: ClientCore;
  /** By their names in topics. */
  readonly #methods = new Map<string, { readonly member: Member; readonly at: StingerMember }>();
  readonly #properties = new Map<string, ExposedProperty>();
  readonly #signals: Watch[] = [];
  /** Signals whose subscription is not in force yet. */
  #unheard = 0;
  readonly #seen = new Set<string>();
  readonly #follow = () => this.#look();
  #ends: (() => Promise<void>)[] = [];
  #isServed = false;
  #isAnnounced = false;
  #underWay = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(line: StingerLine, back: Session, given: StingerImport, settings: ExposeSettings) {
    this.#line = line;
    this.#back = back;
    this.#settings = settings;
    this.#wire = given.wire;
    this.#members = membersOf(given.source);
    this.#core = new ClientCore(back, this.#members, {
      to: settings.to,
      timeout: undefined,
      codec: codecNumber.messagePack,
      affinity: undefined,
      parent: undefined,
    });
    for (const [name, at] of given.wire.members) {
      const member = this.#members.byName.get(name) as Member;
      if (member.kind === 'method') this.#methods.set(at.name, { member, at });
      if (member.kind !== 'property') continue;
      const topic = this.#topic('propertyValues', { property_name: at.name });
      const property = new ExposedProperty(line, this.#core, member, at, topic, () =>
        this.#announceIfKnown(),
      );
      this.#properties.set(at.name, property);
    }
  }

  /** Subscribes. @throws BridgeError if the broker refuses that. */
  async begin(): Promise<void> {
    const { broker } = this.#line;
    // Of QoS 2, so that a request is not executed twice.
    const options = { qos: 2, retained: false } as const;
    const requests = this.#topic('methodRequests', {});
    const updates = this.#topic('propertyUpdates', {});
    this.#ends = [
      await broker.subscribe(requests, options, (message) => void this.#request(message)),
      await broker.subscribe(updates, options, (message) => void this.#update(message)),
    ];
    this.#back.caller.follow(this.#follow);
    this.#look();
  }

  /** The connection is there again; the broker may have forgotten what it retained. */
  renew(): void {
    for (const property of this.#properties.values()) property.publish();
    if (this.#isAnnounced) this.#announce();
  }

  /** Announces nothing any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#back.caller.unfollow(this.#follow);
    for (const property of this.#properties.values()) property.end();
    for (const watch of this.#signals.splice(0)) watch.cancel(new Error('the bridge is closed'));
    await this.#withdraw();
    await Promise.all(this.#ends.map((end) => end()));
    this.#back.caller.cancelOf(this.#core);
  }

  #topic(kind: 'methodRequests' | 'propertyUpdates' | 'propertyValues' | 'signals', names: object) {
    return this.#line.templates[kind].fill({ ...names, ...this.#self });
  }

  get #self() {
    return { interface_name: this.#wire.name, service_id: this.#settings.instance };
  }

  // ---- whether a server is there ----

  #look(): void {
    const isServed = this.#back.caller.candidates(this.#core.target).length > 0;
    if (isServed === this.#isServed || this.#closed) return;
    this.#isServed = isServed;
    if (!isServed) {
      void this.#withdraw();
      return;
    }
    for (const property of this.#properties.values()) property.begin();
    if (this.#signals.length === 0) this.#listen();
    this.#announceIfKnown();
  }

  #listen(): void {
    for (const [name, at] of this.#wire.members) {
      const member = this.#members.byName.get(name) as Member;
      if (member.kind !== 'signal') continue;
      const topic = this.#topic('signals', { signal_name: at.name });
      this.#unheard++;
      let isFirst = true;
      const watch = this.#core.watch(member, undefined, {
        active: () => {
          if (isFirst) this.#unheard--;
          isFirst = false;
          this.#announceIfKnown();
        },
        data: (data) => {
          const payload = payloadOf(at.fields, member.args?.encode(data, undefined, 'json'));
          void this.#line.publish({ topic, payload, qos: 2 });
        },
        stale: () => undefined,
        failed: () => undefined,
      });
      this.#signals.push(watch);
    }
  }

  #announceIfKnown(): void {
    if (!this.#isServed || this.#isAnnounced || this.#unheard > 0) return;
    for (const property of this.#properties.values()) if (!property.isKnown) return;
    this.#isAnnounced = true;
    this.#announce();
  }

  #announce(): void {
    const { advertiseSeconds, instance, params } = this.#settings;
    const { broker, templates } = this.#line;
    const connection = templates.lwt.fill({ client_id: broker.clientId });
    const announcement = { ...announcementOf(this.#wire, instance, connection), ...params };
    void this.#line.publish({
      topic: templates.interfaceDiscovery.fill(this.#self),
      payload: JSON.stringify(announcement),
      qos: 1,
      retain: true,
      expiry: Math.ceil(advertiseSeconds * 1.2),
    });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#announce(), advertiseSeconds * 1000);
    (this.#timer as { unref?(): void }).unref?.();
  }

  async #withdraw(): Promise<void> {
    clearTimeout(this.#timer);
    if (!this.#isAnnounced) return;
    this.#isAnnounced = false;
    const topic = this.#line.templates.interfaceDiscovery.fill(this.#self);
    await this.#line.publish({ topic, payload: '', qos: 1, retain: true });
  }

  // ---- requests ----

  async #request(message: ArrivedMessage): Promise<void> {
    const { counts, templates } = this.#line;
    const name = templates.methodRequests.match(message.topic)?.method_name ?? '';
    const answerTo = this.#responseTopic(message, 'methodResponses', { method_name: name });
    if (answerTo === null || !this.#isNew(message)) return;
    const { correlation } = message;
    const answer = (payload: string, code: number, text?: string) => {
      if (answerTo === undefined) return;
      const user = { ReturnCode: String(code), ...(text !== undefined && { DebugInfo: text }) };
      void this.#line.publish({ topic: answerTo, payload, qos: 1, correlation, user });
    };
    const method = this.#methods.get(name);
    if (method === undefined) {
      answer('{}', returnCode.methodNotFound, `there is no method '${name}'`);
      return;
    }
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      answer('{}', returnCode.serviceUnavailable, refusal);
      return;
    }
    this.#underWay++;
    try {
      const result = await this.#call(method, message);
      answer(result, returnCode.success);
    } catch (error) {
      if (error instanceof PayloadError) counts.refused.malformed++;
      answer('{}', codeOf(error), (error as Error).message);
    } finally {
      this.#underWay--;
    }
  }

  async #call(
    { member, at }: { readonly member: Member; readonly at: StingerMember },
    { payload, expiry }: ArrivedMessage,
  ): Promise<string> {
    const { args, returns } = member;
    const value = decoded(() => {
      const own = fromStinger(at.fields, readJson(payload));
      return args === undefined ? null : args.decode(own, undefined, 'json');
    });
    const timeout = Math.min(this.#settings.timeout, (expiry ?? 0x7fffff) * 1000);
    this.#line.counts.requests++;
    const result = await this.#core.call(member, value, { timeout });
    return payloadOf(at.results, returns?.encode(result, undefined, 'json'));
  }

  async #update(message: ArrivedMessage): Promise<void> {
    const { templates } = this.#line;
    const name = templates.propertyUpdates.match(message.topic)?.property_name ?? '';
    const names = { property_name: name };
    const answerTo = this.#responseTopic(message, 'propertyUpdateResponses', names);
    if (answerTo === null || !this.#isNew(message)) return;
    const property = this.#properties.get(name);
    const refusal = this.#refusal();
    if (property !== undefined && refusal === undefined) {
      this.#underWay++;
      const { timeout } = this.#settings;
      const most = Math.min(timeout, (message.expiry ?? 0x7fffff) * 1000);
      await property.update(message, answerTo, most).finally(() => this.#underWay--);
      return;
    }
    if (answerTo === undefined) return;
    const [code, text] =
      property === undefined
        ? [returnCode.methodNotFound, `there is no property '${name}'`]
        : [returnCode.serviceUnavailable, refusal as string];
    const user = { ReturnCode: String(code), DebugInfo: text };
    const { correlation } = message;
    void this.#line.publish({ topic: answerTo, payload: '{}', qos: 1, correlation, user });
  }

  #refusal(): string | undefined {
    const { refused } = this.#line.counts;
    if (!this.#isServed) {
      refused.unserved++;
      return `nobody serves ${this.#members.name} on the bus`;
    }
    if (this.#underWay < this.#settings.maxCalls) return undefined;
    refused.busy++;
    return `${this.#underWay} requests are under way`;
  }

  // A client chooses where its answer goes, but not a topic of somebody else: `null` for such a one.
  #responseTopic(
    { responseTopic }: ArrivedMessage,
    kind: 'methodResponses' | 'propertyUpdateResponses',
    wanted: Readonly<Record<string, string>>,
  ): string | undefined | null {
    if (responseTopic === undefined) return undefined;
    const names = this.#line.templates[kind].match(responseTopic);
    const all = { ...wanted, interface_name: this.#wire.name };
    const isOurs =
      names !== undefined &&
      Object.entries(all).every(([name, value]) => (names[name] ?? value) === value);
    if (isOurs) return responseTopic;
    this.#line.counts.refused.responseTopic++;
    return null;
  }

  // A broker or client that was interrupted sends a request again.
  #isNew({ responseTopic, correlation }: ArrivedMessage): boolean {
    if (responseTopic === undefined || correlation === undefined) return true;
    const key = `${responseTopic} ${Buffer.from(correlation).toString('base64')}`;
    if (this.#seen.has(key)) {
      this.#line.counts.refused.duplicate++;
      return false;
    }
    this.#seen.add(key);
    if (this.#seen.size > remembered) this.#seen.delete(this.#seen.values().next().value as string);
    return true;
  }
}
