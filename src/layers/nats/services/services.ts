// Interfaces of `serve` as services of NATS: `nats service ls` lists them, `nats req` calls them in
// JSON. A service is there while a server of the bus is; its bridges share its requests as a queue
// group.
import { randomBytes } from 'node:crypto';
import type { Msg } from '@nats-io/transport-node';
import { label } from '../../../index.js';
import type { Interface } from '../../interface/entry-values.js';
import {
  type Member,
  membersOf,
  nestedClient,
  Relay,
  relayLabel,
  Session,
} from '../../rpc/entry-port.js';
import { type Bus, openCalls } from '../../rpc/index.js';
import type { LinkSubscription, NatsLink } from '../link.js';
import type { Settings } from '../options.js';
import type { Subjects } from '../subjects.js';
import { JsonPort, type Outcome } from './json-port.js';

/** The queue group of all services of NATS, as its own libraries name it. */
const group = 'q';

const verbs = ['PING', 'INFO', 'STATS'] as const;
type Verb = (typeof verbs)[number];

interface Endpoint {
  readonly member: Member;
  readonly subject: string;
  requests: number;
  errors: number;
  lastError: string;
  milliseconds: number;
}

/** One interface as a service. */
class NatsService {
  readonly name: string;
  readonly id = randomBytes(8).toString('hex');
  readonly #source: Interface;
  readonly #port: JsonPort;
  readonly #link: NatsLink;
  readonly #started = new Date().toISOString();
  readonly #endpoints: readonly Endpoint[];
  #subscriptions: readonly LinkSubscription[] = [];

  constructor(source: Interface, port: JsonPort, link: NatsLink, subjects: Subjects) {
    this.name = source.name.replace(/[^A-Za-z0-9_-]/g, '-');
    this.#source = source;
    this.#port = port;
    this.#link = link;
    this.#endpoints = [...membersOf(source).byName.values()].filter(isOneAnswer).map((member) => ({
      member,
      subject: subjects.ofMember(source.name, `${source.major}`, member.name),
      requests: 0,
      errors: 0,
      lastError: '',
      milliseconds: 0,
    }));
  }

  get isOpen(): boolean {
    return this.#subscriptions.length > 0;
  }

  /** Answers from now on. */
  open(): void {
    if (this.isOpen) return;
    const id = this.id;
    this.#subscriptions = [
      ...this.#endpoints.map((endpoint) =>
        this.#link.subscribe(endpoint.subject, group, (message) => this.#call(endpoint, message)),
      ),
      ...verbs.flatMap((verb) =>
        ['', `.${this.name}`, `.${this.name}.${id}`].map((end) =>
          this.#link.subscribe(`$SRV.${verb}${end}`, undefined, (message) =>
            this.#say(verb, message),
          ),
        ),
      ),
    ];
  }

  /** Answers nothing any more, so that clients hear that nobody is there. */
  close(): void {
    for (const each of this.#subscriptions) each.close();
    this.#subscriptions = [];
  }

  #call(endpoint: Endpoint, message: Msg): void {
    endpoint.requests++;
    // Without a subject to answer to nobody would learn what became of it.
    if (message.reply === undefined || message.reply === '') {
      endpoint.errors++;
      endpoint.lastError = 'no reply subject';
      return;
    }
    try {
      this.#port.request(message, endpoint.member, (outcome) => count(endpoint, outcome));
    } catch {
      // Headers that the client of NATS cannot read.
      endpoint.errors++;
      endpoint.lastError = 'malformed';
    }
  }

  #say(verb: Verb, message: Msg): void {
    if (message.reply === undefined || message.reply === '') return;
    const { name, id } = this;
    const { version, major } = this.#source;
    const about = {
      type: `io.nats.micro.v1.${verb.toLowerCase()}_response`,
      name,
      id,
      version: `${version}.0`,
      metadata: { 'busbar.interface': `${this.#source.name}/${major}` },
    };
    const more = verb === 'PING' ? {} : verb === 'INFO' ? this.#info() : this.#stats();
    try {
      message.respond(JSON.stringify({ ...about, ...more }));
    } catch {
      // No connection now.
    }
  }

  #info(): object {
    return {
      description: `${this.#source.name} of a bus`,
      endpoints: this.#endpoints.map(({ member, subject }) => ({
        name: member.name,
        subject,
        queue_group: group,
        metadata: { kind: member.kind },
      })),
    };
  }

  #stats(): object {
    return {
      started: this.#started,
      endpoints: this.#endpoints.map((each) => ({
        name: each.member.name,
        subject: each.subject,
        queue_group: group,
        num_requests: each.requests,
        num_errors: each.errors,
        last_error: each.lastError,
        // In nanoseconds.
        processing_time: Math.round(each.milliseconds * 1e6),
        average_processing_time: Math.round((each.milliseconds * 1e6) / Math.max(1, each.requests)),
      })),
    };
  }
}

/** All services of a bridge. */
export class NatsServices {
  readonly #back: Session;
  readonly #relay: Relay;
  readonly #services: ReadonlyMap<Interface, NatsService>;

  private constructor(back: Session, link: NatsLink, subjects: Subjects, settings: Settings) {
    const { serve, limits, tellMessages } = settings;
    const port = new JsonPort();
    const front = new Session(port, nestedClient, () => undefined);
    this.#back = back;
    this.#services = new Map(
      serve.map((source) => [source, new NatsService(source, port, link, subjects)]),
    );
    // Not by another bridge: calls would go round in circles.
    const to = label(relayLabel).not();
    this.#relay = new Relay(front, back, serve, { to, limits, tellMessages }, () => this.#offer());
    this.#offer();
  }

  /** `ended` is called if the bus closes the endpoint that calls. @throws what `join` throws. */
  static async open(
    bus: Bus,
    link: NatsLink,
    subjects: Subjects,
    settings: Settings,
    ended: () => void,
  ): Promise<NatsServices> {
    const back = await openCalls(bus, ended);
    back.use();
    return new NatsServices(back, link, subjects, settings);
  }

  async close(linger: number): Promise<void> {
    for (const service of this.#services.values()) service.close();
    await this.#relay.close(linger);
    await this.#back.release(linger);
  }

  #offer(): void {
    const served = this.#relay?.served ?? [];
    for (const [source, service] of this.#services) {
      if (served.includes(source)) service.open();
      else service.close();
    }
  }
}

function isOneAnswer({ kind, item, input }: Member): boolean {
  return kind === 'property' || (kind === 'method' && item === undefined && input === undefined);
}

function count(endpoint: Endpoint, { error, milliseconds }: Outcome): void {
  endpoint.milliseconds += milliseconds;
  if (error === undefined) return;
  endpoint.errors++;
  endpoint.lastError = error;
}
