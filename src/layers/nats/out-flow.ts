// A rule of `out` at work: what waits in its queue is published, and counts as published when the
// server has confirmed a flush behind it.
import type { BusSource, LeavingMessage, RuleCounts } from '../bridge/index.js';
import { headersOf } from './headers.js';
import type { NatsLink } from './link.js';
import type { Subjects } from './subjects.js';

/** Publishes what one rule takes. */
export class OutFlow {
  readonly source: BusSource;
  readonly #link: NatsLink;
  readonly #subjects: Subjects;
  /** One for all messages of the rule, if the rule says so. */
  readonly #subject: string | undefined;
  readonly #subjectOf = new Map<string, string>();
  #woken = false;
  #flushing = false;
  /** Messages that the server has refused and that are not counted yet. */
  #refused = 0;
  /** Grows with each connection: a confirmation concerns its own only. */
  #era = 0;

  constructor(source: BusSource, link: NatsLink, subjects: Subjects, subject: string | undefined) {
    this.source = source;
    this.#link = link;
    this.#subjects = subjects;
    this.#subject = subject;
  }

  get counts(): RuleCounts {
    return this.source.counters.snapshot();
  }

  /**
   * Publishes what waits, once all that the bus has ready is taken: the client writes to its socket
   * at the end of each reaction of a promise, which would be once for each message.
   */
  wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    process.nextTick(() => {
      this.#woken = false;
      this.pump();
    });
  }

  /** Publishes what waits. */
  pump(): void {
    const { queue } = this.source;
    if (!this.#link.isUp) return;
    for (let next = queue.peek(); next !== undefined; next = queue.peek()) this.#publish(next);
    if (queue.unconfirmed > 0 && !this.#flushing) void this.#confirm();
  }

  /** The connection is lost: what was not confirmed may have arrived or not. */
  lost(): void {
    this.#era++;
    this.#refused = 0;
    this.source.queue.lose();
  }

  /** The server has refused a message to this subject. */
  refused(subject: string): void {
    const own = this.#subject ?? [...this.#subjectOf.values()].find((each) => each === subject);
    if (own === subject) this.#refused++;
  }

  #publish(message: LeavingMessage): void {
    const { queue } = this.source;
    const subject = this.#subject ?? this.#ownSubject(message.typeId);
    const headers = headersOf(message, this.#subject !== undefined);
    const size = message.bytes.length + headers.size;
    if (size > this.#link.maxPayload) {
      queue.drop('tooLarge');
      return;
    }
    try {
      this.#link.publish(subject, message.bytes, headers.headers);
    } catch {
      queue.drop('refused');
      return;
    }
    queue.sent();
  }

  #ownSubject(typeId: string): string {
    let subject = this.#subjectOf.get(typeId);
    if (subject === undefined) {
      subject = this.#subjects.ofType(this.source.rule.types.nameOf(typeId) ?? typeId);
      this.#subjectOf.set(typeId, subject);
    }
    return subject;
  }

  async #confirm(): Promise<void> {
    const { queue } = this.source;
    this.#flushing = true;
    while (queue.unconfirmed > 0) {
      const era = this.#era;
      const count = queue.unconfirmed;
      const confirmed = await this.#link.flush();
      if (era !== this.#era) continue;
      if (!confirmed) break;
      // Refusals of what was sent since may have come already; they are for the next confirmation.
      const refused = Math.min(count, this.#refused);
      this.#refused -= refused;
      queue.confirm(count, refused);
    }
    this.#flushing = false;
  }
}
