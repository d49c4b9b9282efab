// One Stinger server, as a server on the bus: an endpoint of its own, with the id of the instance among
// its labels.
import type { StingerImport, StingerMember } from '../../interface/index.js';
import {
  callLimitsOf,
  closeService,
  type Member,
  type Members,
  membersOf,
  PassedOn,
  type PeerSet,
  type RunningCall,
  refuseTwice,
  relayLabel,
  ServiceCore,
  type Session,
} from '../../rpc/entry-port.js';
import { type Bus, openCalls } from '../../rpc/index.js';
import type { ArrivedMessage } from '../message.js';
import { decoded } from './exposed-property.js';
import { KeptMember } from './kept-member.js';
import { payloadOf, type StingerLine } from './line.js';
import { fromStinger, PayloadError, readJson } from './payload.js';
import type { PendingRequests } from './pending.js';
import { errorCodeOf, nameOfCode, readCode, returnCode } from './return-codes.js';

/** What all instances of one interface share. */
export interface ImportPlace {
  readonly line: StingerLine;
  readonly bus: Bus;
  readonly given: StingerImport;
  readonly pending: PendingRequests;
  /** Milliseconds that a call without a deadline may take. */
  readonly timeout: number;
}

/** A value as its server published it. */
export interface PublishedValue {
  readonly payload: Uint8Array;
  readonly version: number;
}

/** One instance. */
export class Instance {
  readonly id: string;
  readonly #place: ImportPlace;
  readonly #session: Session;
  readonly #core: ServiceCore;
  readonly #members: Members;
  readonly #kept = new Map<string, KeptMember>();
  readonly #latest = new Map<string, PublishedValue>();
  #closing: Promise<void> | undefined;

  private constructor(id: string, place: ImportPlace, session: Session) {
    this.id = id;
    this.#place = place;
    this.#session = session;
    this.#members = membersOf(place.given.source);
    this.#core = new ServiceCore(session.port, this.#members, {
      implementation: this.#methods(),
      limits: callLimitsOf({}),
      properties: {},
      onSet: {},
      tellMessages: true,
      onError: undefined,
      remote: (member, subscribers) => this.#keep(member, subscribers),
    });
  }

  /** Joins the bus, with the values that the broker has. @throws what `join` throws. */
  static async open(
    id: string,
    place: ImportPlace,
    values: ReadonlyMap<string, PublishedValue>,
    ended: () => void,
  ): Promise<Instance> {
    const { name, label } = membersOf(place.given.source);
    const labels = [...new Set([name, label, relayLabel, id])];
    const session = await openCalls(place.bus, ended, labels);
    const instance = new Instance(id, place, session);
    for (const [own, value] of values) instance.value(own, value);
    refuseTwice(session, instance.#core);
    session.use();
    session.server.add(instance.#core);
    return instance;
  }

  /** Leaves the bus. */
  close(linger: number): Promise<void> {
    this.#closing ??= closeService(this.#session, this.#core, linger);
    return this.#closing;
  }

  /** A property has another value. Returns false if the value is none. */
  value(own: string, published: PublishedValue): boolean {
    const { payload, version } = published;
    const before = this.#latest.get(own);
    // A message that is delivered twice, or one that a set has brought already.
    if (before?.version === version && Buffer.compare(before.payload, payload) === 0) return true;
    const decodedValue = this.#read(own, payload);
    if (decodedValue === undefined) return false;
    this.#latest.set(own, published);
    this.#kept.get(own)?.setValue(decodedValue.value, version);
    return true;
  }

  /** A signal came. Returns false if it is none. */
  signal(own: string, payload: Uint8Array): boolean {
    const data = this.#read(own, payload);
    if (data === undefined) return false;
    this.#kept.get(own)?.emit(data.value);
    return true;
  }

  #read(own: string, payload: Uint8Array): { readonly value: unknown } | undefined {
    const at = this.#place.given.wire.members.get(own) as StingerMember;
    const { args } = this.#members.byName.get(own) as Member;
    try {
      const json = fromStinger(at.fields, readJson(payload));
      return { value: args?.decode(json, undefined, 'json') };
    } catch {
      return undefined;
    }
  }

  #keep(member: Member, subscribers: PeerSet): KeptMember {
    const kept = new KeptMember(this.#session, member, subscribers, (value, version, call) =>
      this.#update(member, value, version, call),
    );
    this.#kept.set(member.name, kept);
    return kept;
  }

  #methods(): object {
    const methods: Record<string, unknown> = {};
    for (const member of this.#members.byName.values()) {
      if (member.kind !== 'method') continue;
      methods[member.name] = (args: unknown, call: RunningCall) => this.#call(member, args, call);
    }
    return methods;
  }

  async #call(member: Member, args: unknown, call: RunningCall): Promise<unknown> {
    const { given, line } = this.#place;
    const at = given.wire.members.get(member.name) as StingerMember;
    const names = { interface_name: given.wire.name, method_name: at.name };
    const topic = line.templates.methodRequests.fill({ ...names, service_id: this.id });
    const client_id = line.broker.clientId;
    const responseTopic = line.templates.methodResponses.fill({ ...names, client_id });
    const payload = payloadOf(at.fields, member.args?.encode(args, undefined, 'json'));
    const answer = await this.#request(call, { topic, responseTopic, payload, qos: 2 });
    const { returns } = member;
    if (returns === undefined) return undefined;
    try {
      return decoded(() =>
        returns.decode(fromStinger(at.results, readJson(answer.payload)), undefined, 'json'),
      );
    } catch (error) {
      line.counts.refused.malformed++;
      if (!(error instanceof PayloadError)) throw error;
      throw new PassedOn('INVALID_RESULT', `the result of ${member.name}: ${error.message}`);
    }
  }

  async #update(member: Member, value: unknown, version: number, call: RunningCall): Promise<void> {
    const { given, line } = this.#place;
    const at = given.wire.members.get(member.name) as StingerMember;
    const names = { interface_name: given.wire.name, property_name: at.name };
    const topic = line.templates.propertyUpdates.fill({ ...names, service_id: this.id });
    const client_id = line.broker.clientId;
    const responseTopic = line.templates.propertyUpdateResponses.fill({ ...names, client_id });
    const payload = payloadOf(at.fields, member.args?.encode(value, undefined, 'json'));
    const user = { PropertyVersion: String(version) };
    const request = { topic, responseTopic, payload, qos: 1, user } as const;
    const take = (answer: ArrivedMessage) => {
      const now = readVersion(answer.user.PropertyVersion);
      if (now !== undefined) this.value(member.name, { payload: answer.payload, version: now });
    };
    take(await this.#request(call, request, take));
  }

  async #request(
    call: RunningCall,
    request: {
      readonly topic: string;
      readonly responseTopic: string;
      readonly payload: string;
      readonly qos: 1 | 2;
      readonly user?: { readonly PropertyVersion: string };
    },
    refused: (answer: ArrivedMessage) => void = () => undefined,
  ): Promise<ArrivedMessage> {
    const { line, pending, timeout } = this.#place;
    const left = Math.min(timeout, call.deadline - performance.now());
    line.counts.calls++;
    const answer = await pending.request(this.id, left, call.signal, (correlation) =>
      // A request that nobody waits for any more is not executed.
      line.publish({ ...request, correlation, expiry: Math.max(1, Math.ceil(left / 1000)) }),
    );
    const code = readCode(answer.user.ReturnCode);
    if (code === returnCode.success) return answer;
    refused(answer);
    const info = answer.user.DebugInfo;
    const text = info === undefined ? nameOfCode(code) : `${nameOfCode(code)}: ${info}`;
    const load = code === returnCode.serviceUnavailable ? 0 : undefined;
    const kind = errorCodeOf(code);
    if (kind === 'HANDLER_FAILED') throw new Error(text);
    throw new PassedOn(kind, text, load);
  }
}

/** The version in a user property; `undefined` if it is none. */
export function readVersion(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}
