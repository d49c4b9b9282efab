// A rule of `in` at work: what its subjects get goes to members of the bus. Whatever comes is counted;
// nothing that a client of NATS writes makes anything throw.
import type { Msg } from '@nats-io/transport-node';
import type { InFlow } from '../bridge/index.js';
import { readHeaders } from './headers.js';
import type { LinkSubscription, NatsLink } from './link.js';
import type { Subjects } from './subjects.js';

/** What a rule of `in` listens to. */
export interface Listening {
  /** `undefined` for the subjects of its types. */
  readonly subjects: readonly string[] | undefined;
  readonly queue: string | undefined;
}

/** Subscribes for one rule. */
export class InSubscription {
  readonly flow: InFlow;
  readonly subjects: readonly string[];
  readonly #all: Subjects;
  /** What a message is if it does not say it. */
  readonly #only: string | undefined;
  readonly #subscriptions: readonly LinkSubscription[];

  constructor(flow: InFlow, link: NatsLink, all: Subjects, listening: Listening) {
    const { types } = flow.rule;
    this.flow = flow;
    this.#all = all;
    const { ids } = types;
    this.#only = listening.subjects !== undefined && ids.length === 1 ? ids[0] : undefined;
    this.subjects = listening.subjects ?? ids.map((id) => all.ofType(types.nameOf(id) ?? id));
    this.#subscriptions = this.subjects.map((subject) =>
      link.subscribe(subject, listening.queue, (message) => this.#heard(message)),
    );
  }

  close(): void {
    for (const each of this.#subscriptions) each.close();
  }

  #heard(message: Msg): void {
    const { flow } = this;
    try {
      const heading = readHeaders(message.headers);
      const typeId = heading?.typeId ?? this.#all.typeOf(message.subject) ?? this.#only;
      if (heading === undefined || typeId === undefined) {
        flow.malformed();
        return;
      }
      const { format, passage } = heading;
      flow.accept({ typeId, format, bytes: message.data, passage });
    } catch {
      // Headers that the client itself cannot read.
      flow.malformed();
    }
  }
}
