// The interfaces that a gateway exposes, each with a client of its servers: listed ones, or all that
// servers of the bus describe.
import type { LabelExpression } from '../../../index.js';
import {
  defineInterface,
  hashOf,
  type Interface,
  type InterfaceShapes,
  interfaceOf,
  shapesOf,
} from '../../interface/entry-values.js';
import { connectOneOrMore, membersOf, type Session } from '../../rpc/entry-port.js';
import { type ClientOf, describe } from '../../rpc/index.js';
import { Refusal } from '../http/refusal.js';

/** An interface with the client of its servers. */
export interface Exposed {
  readonly source: Interface;
  readonly shapes: InterfaceShapes;
  readonly client: ClientOf<Interface>;
  /** When it was described, on the clock of `performance.now()`. */
  since: number;
}

/** Milliseconds that a server gets to describe itself. */
const describeTime = 5000;
/** Milliseconds before a described interface is asked for again: its server may be newer. */
const describeAgain = 5000;
/** Described interfaces that are kept. */
const mostDescribed = 1024;

const names = /^[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*$/;
const majors = /^(?:0|[1-9]\d{0,8})$/;

/** The interfaces of a gateway. */
export class Exposures {
  readonly #session: Session;
  readonly #to: string | object | undefined;
  #listed: ReadonlyMap<string, Exposed> | undefined;
  readonly #described = new Map<string, Exposed>();
  readonly #asking = new Map<string, Promise<Exposed>>();
  #clients = 0;

  /** `to` narrows the servers down. Begins with all that are served exposed. */
  constructor(session: Session, to: string | object | undefined) {
    this.#session = session;
    this.#to = to;
  }

  /** Exposes these interfaces, and nothing else. */
  async list(expose: readonly Interface[]): Promise<void> {
    const entries: [string, Exposed][] = [];
    for (const each of expose) entries.push([membersOf(each).label, await this.#made(each)]);
    this.#listed = new Map(entries);
  }

  /** The listed interfaces; `undefined` if all that are served are exposed. */
  get listed(): readonly Interface[] | undefined {
    return this.#listed && Array.from(this.#listed.values(), ({ source }) => source);
  }

  /** How many servers an interface has now. */
  servers(label: string): number {
    const { port } = this.#session;
    return port.candidates(port.target(label, this.#to)).length;
  }

  /**
   * The interface with a name and a major version.
   * @throws Refusal `NOT_FOUND` if it is not exposed, or nobody serves it.
   */
  of(name: string, major: string): Exposed | Promise<Exposed> {
    const label = `${name}/${major}`;
    if (this.#listed !== undefined) {
      const found = this.#listed.get(label);
      if (found === undefined) throw new Refusal('NOT_FOUND', `${label} is not exposed`);
      return found;
    }
    if (!names.test(name) || name.length > 255 || !majors.test(major)) {
      throw new Refusal('NOT_FOUND', 'the path has no interface with its major version');
    }
    const known = this.#described.get(label);
    if (known !== undefined && performance.now() < known.since + describeAgain) return known;
    let asking = this.#asking.get(label);
    if (asking === undefined) {
      asking = this.#ask(label, name, Number(major)).finally(() => this.#asking.delete(label));
      this.#asking.set(label, asking);
    }
    return asking;
  }

  /** A client of fewer servers. */
  narrowed({ source }: Exposed, to: LabelExpression): Promise<ClientOf<Interface>> {
    return this.#connect(source, to);
  }

  /** Calls under way are cancelled. */
  async close(): Promise<void> {
    const clients = this.#clients;
    this.#clients = 0;
    for (let count = 0; count < clients; count++) await this.#session.release(0);
  }

  async #ask(label: string, name: string, major: number): Promise<Exposed> {
    if (this.servers(label) === 0) throw new Refusal('NOT_FOUND', `nobody serves ${label}`);
    const source = await this.#describedBy(name, major);
    if (source === undefined) {
      throw new Refusal('NOT_FOUND', `a server of ${label} does not describe it`);
    }
    let exposed = this.#described.get(label);
    // The client of before stays: it may have calls under way.
    if (exposed !== undefined && hashOf(exposed.source) === hashOf(source)) {
      exposed.since = performance.now();
    } else {
      exposed = await this.#made(source);
    }
    this.#described.delete(label);
    this.#described.set(label, exposed);
    const [oldest] = this.#described.keys();
    if (this.#described.size > mostDescribed && oldest !== undefined) {
      this.#described.delete(oldest);
    }
    return exposed;
  }

  async #describedBy(name: string, major: number): Promise<Interface | undefined> {
    const asker = await this.#connect(defineInterface(name, `${major}.0`, {}));
    for (const model of await describe(asker, { timeout: describeTime })) {
      const source = interfaceOf(model);
      if (source.name === name && source.major === major) return source;
    }
    return undefined;
  }

  async #made(source: Interface): Promise<Exposed> {
    const client = await this.#connect(source);
    return { source, shapes: shapesOf(source), client, since: performance.now() };
  }

  #connect(source: Interface, narrower?: LabelExpression): Promise<ClientOf<Interface>> {
    this.#clients++;
    const to = narrower ?? this.#to;
    const options = to === undefined ? {} : { to };
    return connectOneOrMore(() => this.#session, source, options) as Promise<ClientOf<Interface>>;
  }
}
