// An interface of Stinger's servers, for callers on the bus: finds the instances by what the broker
// retains, and keeps one server on the bus for each.
import { show } from '../../../base/show.js';
import {
  clearTimeout,
  type Member,
  type MemberKind,
  membersOf,
  setTimeout,
} from '../../rpc/entry-port.js';
import type { ArrivedMessage } from '../message.js';
import { type ImportPlace, Instance, type PublishedValue, readVersion } from './instance.js';
import { readJson } from './payload.js';
import { isLevel } from './topics.js';

/** A Stinger server that was found. */
export interface StingerInstance {
  /** The name of the interface on the bus. */
  readonly interface: string;
  /** The id of the instance, which is one of the labels of its server on the bus. */
  readonly instance: string;
}

/** What happens to instances. None of the functions throws. */
export interface ImportEvents {
  found(instance: StingerInstance): void;
  lost(instance: StingerInstance): void;
  /** An instance could not join the bus. */
  failed(error: unknown): void;
}

/** Milliseconds that calls under way get when an instance is gone: they have ended by then. */
const linger = 1000;

/** What is known of an instance. */
interface Known {
  readonly id: string;
  /** Where its client says whether it is there; `undefined` while it is not announced. */
  presence: string | undefined;
  isAnnounced: boolean;
  readonly values: Map<string, PublishedValue>;
  instance: Instance | undefined;
  isOpening: boolean;
  expiry: ReturnType<typeof setTimeout> | undefined;
}

/** One interface. */
export class Imported {
  readonly #place: ImportPlace;
  readonly #events: ImportEvents;
  readonly #wanted: ReadonlySet<string> | undefined;
  readonly #most: number;
  readonly #known = new Map<string, Known>();
  /** The presence topics of clients that are gone. */
  readonly #offline = new Set<string>();
  readonly #names: Readonly<Record<MemberKind, ReadonlyMap<string, string>>>;
  #ends: (() => Promise<void>)[] = [];
  #closed = false;

  constructor(
    place: ImportPlace,
    wanted: ReadonlySet<string> | undefined,
    most: number,
    events: ImportEvents,
  ) {
    this.#place = place;
    this.#events = events;
    this.#wanted = wanted;
    this.#most = most;
    const { byName } = membersOf(place.given.source);
    const names = { method: new Map(), property: new Map(), signal: new Map() } as Record<
      MemberKind,
      Map<string, string>
    >;
    for (const [own, { name }] of place.given.wire.members) {
      names[(byName.get(own) as Member).kind].set(name, own);
    }
    this.#names = names;
  }

  /** The instances that have a server on the bus. */
  get instances(): readonly StingerInstance[] {
    return [...this.#known.values()]
      .filter(({ instance }) => instance !== undefined)
      .map(({ id }) => this.#described(id));
  }

  /** Subscribes. @throws BridgeError if the broker refuses that. */
  async begin(): Promise<void> {
    const { line, given, pending } = this.#place;
    const { templates, broker, counts } = line;
    const interface_name = given.wire.name;
    const client_id = broker.clientId;
    const answered = (message: ArrivedMessage) => {
      if (!pending.answered(message)) counts.refused.unexpected++;
    };
    const add = async (filter: string, take: (message: ArrivedMessage) => void) => {
      this.#ends.push(await broker.subscribe(filter, { qos: 1 }, take));
    };
    if (this.#names.method.size > 0) {
      await add(templates.methodResponses.fill({ interface_name, client_id }), answered);
    }
    if (this.#names.property.size > 0) {
      const filter = { interface_name, client_id };
      await add(templates.propertyUpdateResponses.fill(filter), answered);
      const take = (message: ArrivedMessage) => this.#value(message);
      await add(templates.propertyValues.fill({ interface_name }), take);
    }
    if (this.#names.signal.size > 0) {
      await add(templates.signals.fill({ interface_name }), (message) => this.#signal(message));
    }
    await add(templates.lwt.fill({}), (message) => this.#present(message));
    await add(templates.interfaceDiscovery.fill({ interface_name }), (message) =>
      this.#announced(message),
    );
  }

  /** The connection is gone: what the instances do is not known. Calls under way end. */
  disconnected(): void {
    this.#place.pending.gone('the connection with the broker is gone');
  }

  /** Ends all instances. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#ends.map((end) => end()));
    this.#place.pending.gone('the bridge is closed');
    const all = [...this.#known.values()];
    this.#known.clear();
    for (const { expiry } of all) clearTimeout(expiry);
    await Promise.all(all.map(({ instance }) => instance?.close(linger)));
  }

  // ---- what the broker says; anybody may have written it ----

  #announced({ topic, payload, expiry }: ArrivedMessage): void {
    const id = this.#place.line.templates.interfaceDiscovery.match(topic)?.service_id;
    if (id === undefined || !this.#isWanted(id)) return;
    if (payload.length === 0) {
      this.#withdrawn(id);
      return;
    }
    const announcement = this.#readAnnouncement(payload);
    if (announcement === undefined) {
      this.#place.line.counts.refused.malformed++;
      return;
    }
    const known = this.#of(id);
    if (known === undefined) return;
    known.isAnnounced = true;
    known.presence = announcement.presence;
    clearTimeout(known.expiry);
    if (expiry !== undefined) {
      known.expiry = setTimeout(() => this.#withdrawn(id), Math.min(expiry * 1000, 0x7fff_ffff));
      (known.expiry as { unref?(): void }).unref?.();
    }
    this.#look(known);
  }

  #readAnnouncement(payload: Uint8Array): { readonly presence: string | undefined } | undefined {
    const { wire } = this.#place.given;
    try {
      const given = readJson(payload) as Readonly<Record<string, unknown>>;
      const { interface_name: name, version, connection_topic: topic } = Object(given);
      if (name !== wire.name || typeof version !== 'string') return undefined;
      // Another major version is another interface.
      if (majorOf(version) !== majorOf(wire.version)) return undefined;
      const isPresence =
        typeof topic === 'string' && this.#place.line.templates.lwt.match(topic) !== undefined;
      return { presence: isPresence ? topic : undefined };
    } catch {
      return undefined;
    }
  }

  #present({ topic, payload }: ArrivedMessage): void {
    let isOnline = true;
    try {
      const said = readJson(payload) as { readonly online?: unknown } | null;
      isOnline = payload.length > 0 && said?.online !== false;
    } catch {
      this.#place.line.counts.refused.malformed++;
      return;
    }
    if (isOnline) this.#offline.delete(topic);
    else if (this.#offline.size < 65_536) this.#offline.add(topic);
    for (const known of this.#known.values()) if (known.presence === topic) this.#look(known);
  }

  #value({ topic, payload, user }: ArrivedMessage): void {
    const { line } = this.#place;
    const { service_id: id = '', property_name: name = '' } =
      line.templates.propertyValues.match(topic) ?? {};
    const own = this.#names.property.get(name);
    if (own === undefined || payload.length === 0 || !this.#isWanted(id)) return;
    const value = { payload, version: readVersion(user.PropertyVersion) ?? 0 };
    const known = this.#of(id);
    if (known === undefined) return;
    known.values.set(own, value);
    if (known.instance === undefined) this.#look(known);
    else if (!known.instance.value(own, value)) line.counts.refused.malformed++;
  }

  #signal({ topic, payload }: ArrivedMessage): void {
    const { line } = this.#place;
    const { service_id: id = '', signal_name: name = '' } =
      line.templates.signals.match(topic) ?? {};
    const own = this.#names.signal.get(name);
    const instance = this.#known.get(id)?.instance;
    if (own === undefined || instance === undefined) return;
    if (!instance.signal(own, payload)) line.counts.refused.malformed++;
  }

  // ---- instances ----

  #isWanted(id: string): boolean {
    return isLevel(id) && (this.#wanted === undefined || this.#wanted.has(id)) && !this.#closed;
  }

  #of(id: string): Known | undefined {
    const found = this.#known.get(id);
    if (found !== undefined) return found;
    if (this.#known.size >= this.#most) {
      this.#place.line.counts.refused.instances++;
      return undefined;
    }
    const known: Known = {
      id,
      presence: undefined,
      isAnnounced: false,
      values: new Map(),
      instance: undefined,
      isOpening: false,
      expiry: undefined,
    };
    this.#known.set(id, known);
    return known;
  }

  #withdrawn(id: string): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    clearTimeout(known.expiry);
    known.isAnnounced = false;
    this.#look(known);
    // Values without an announcement are of an instance that was; they come again with the next one.
    if (known.instance === undefined && !known.isOpening) this.#known.delete(id);
  }

  #look(known: Known): void {
    const isThere =
      known.isAnnounced &&
      known.values.size === this.#names.property.size &&
      !(known.presence !== undefined && this.#offline.has(known.presence));
    if (isThere && known.instance === undefined) {
      if (!known.isOpening) void this.#open(known);
    } else if (!isThere && known.instance !== undefined) {
      const { instance } = known;
      known.instance = undefined;
      this.#place.pending.gone(`the Stinger server ${show(known.id)} is gone`, known.id);
      void instance.close(linger);
      this.#events.lost(this.#described(known.id));
    }
  }

  async #open(known: Known): Promise<void> {
    const { id, values } = known;
    known.isOpening = true;
    try {
      const opened = await Instance.open(id, this.#place, values, () => this.#ended(known));
      known.isOpening = false;
      if (this.#closed) {
        await opened.close(0);
        return;
      }
      // What came while it joined.
      for (const [own, value] of values) opened.value(own, value);
      known.instance = opened;
      this.#events.found(this.#described(id));
      this.#look(known);
    } catch (error) {
      known.isOpening = false;
      this.#events.failed(error);
    }
  }

  // Its endpoint was expelled from the bus: it joins again.
  #ended(known: Known): void {
    if (known.instance === undefined || this.#closed) return;
    known.instance = undefined;
    this.#events.lost(this.#described(known.id));
    this.#look(known);
  }

  #described(instance: string): StingerInstance {
    return { interface: this.#place.given.source.name, instance };
  }
}

function majorOf(version: string): string {
  return /^\d*/.exec(version)?.[0] ?? '';
}
