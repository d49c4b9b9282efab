// The lines of a bridge: one subscription for all of them, asking for a line and granting one.
import { randomBytes } from 'node:crypto';
import type { Msg } from '@nats-io/transport-node';
import type { Carrier } from '../../wire/entry-sessions.js';
import type { LinkSubscription, NatsLink } from '../link.js';
import type { Subjects } from '../subjects.js';
import { type LineHost, NatsLine } from './line.js';
import { packetKind, readPacket, writePacket } from './packet.js';

/** The address at which a bridge is asked for a line. */
const door = 'open';

/** Lines of a bridge at most, those in their handshake included. */
const mostLines = 4096;

const noResponders = '503';
const hex16 = /^[0-9a-f]{16}$/;

interface Asking {
  /** Where the answer has to come from. */
  readonly peer: string;
  granted(line: NatsLine): void;
  refused(error: Error): void;
}

/** Carries packets between the lines of this bridge and those of others. */
export class Exchange implements LineHost {
  /** The number of this bridge: 16 hexadecimal digits. */
  readonly bridge: string;
  readonly #link: NatsLink;
  readonly #subjects: Subjects;
  readonly #subscription: LinkSubscription;
  readonly #lines = new Map<string, NatsLine>();
  readonly #asking = new Map<NatsLine, Asking>();
  /** What lines that others ask for are given to; `undefined` while none are granted. */
  accept: ((carrier: Carrier) => void) | undefined;

  constructor(bridge: string, link: NatsLink, subjects: Subjects) {
    this.bridge = bridge;
    this.#link = link;
    this.#subjects = subjects;
    const all = subjects.ofLine(bridge, '*');
    this.#subscription = link.subscribe(all, undefined, (message) => this.#heard(message));
    link.follow({
      lost: () => this.#endAll(new Error('the connection to NATS is lost')),
      closed: () => this.#endAll(new Error('the connection to NATS is closed')),
    });
  }

  get maxPayload(): number {
    return this.#link.maxPayload;
  }

  /**
   * Asks another bridge for a line.
   * @throws Error if nobody is there, the signal is aborted, or the connection is lost.
   */
  dial(peer: string, signal: AbortSignal): Promise<NatsLine> {
    return new Promise((resolve, reject) => {
      const line = this.#line(peer);
      const done = () => {
        this.#asking.delete(line);
        signal.removeEventListener('abort', aborted);
      };
      const refused = (error: Error) => {
        done();
        line.destroy();
        reject(error);
      };
      const aborted = () => refused(new Error(`bridge ${peer} did not answer`));
      if (this.#lines.size > mostLines || !this.#link.isUp || signal.aborted) {
        refused(new Error('no line can be opened now'));
        return;
      }
      const granted = () => {
        done();
        resolve(line);
      };
      this.#asking.set(line, { peer, granted, refused });
      signal.addEventListener('abort', aborted);
      line.ask(this.#subjects.ofLine(peer, door), packetKind.open);
    });
  }

  /** Ends all lines. */
  close(): void {
    this.accept = undefined;
    this.#subscription.close();
    this.#endAll(new Error('the bridge is closed'));
  }

  // ---- LineHost ----

  send(to: string, packet: Uint8Array, reply: string): void {
    if (!this.#link.isUp) return;
    try {
      this.#link.publish(to, packet, undefined, reply);
    } catch {
      // The connection is closing; the line learns of its end.
    }
  }

  forget(line: NatsLine): void {
    this.#lines.delete(line.address);
    this.#asking.get(line)?.refused(new Error('the line has ended before it was granted'));
  }

  #line(peer: string): NatsLine {
    const address = this.#subjects.ofLine(this.bridge, randomBytes(8).toString('hex'));
    const line = new NatsLine(`NATS, bridge ${peer}`, address, this);
    this.#lines.set(address, line);
    return line;
  }

  #endAll(error: Error): void {
    for (const line of [...this.#lines.values()]) line.end(error);
  }

  // ---- what others send ----

  #heard(message: Msg): void {
    const { subject } = message;
    const line = this.#lines.get(subject);
    if (isNobody(message)) {
      line?.end(new Error('the other bridge is gone'));
      return;
    }
    const packet = readPacket(message.data);
    const from = message.reply === undefined ? undefined : this.#bridgeOf(message.reply);
    if (packet === undefined || from === undefined) return;
    if (subject === this.#subjects.ofLine(this.bridge, door)) {
      if (packet.kind === packetKind.open) this.#asked(from, message.reply as string);
    } else if (line === undefined) {
      // Over before this came: its sender still believes in it.
      if (packet.kind === packetKind.data) this.#deny(message.reply as string, subject);
    } else if (packet.kind === packetKind.accept) {
      this.#granted(line, from, message.reply as string);
    } else if (packet.kind !== packetKind.open) {
      line.received(packet);
    }
  }

  #asked(peer: string, remote: string): void {
    const { accept } = this;
    if (accept === undefined || this.#lines.size >= mostLines) {
      this.#deny(remote, this.#subjects.ofLine(this.bridge, door));
      return;
    }
    const line = this.#line(peer);
    line.connected(remote);
    line.ask(remote, packetKind.accept);
    accept(line);
  }

  #granted(line: NatsLine, from: string, remote: string): void {
    const asking = this.#asking.get(line);
    if (asking === undefined || asking.peer !== from) return;
    line.connected(remote);
    asking.granted(line);
  }

  // Packet 0 is the first one that the other side expects, or one in a line that has a gap then.
  #deny(remote: string, own: string): void {
    this.send(remote, writePacket(packetKind.close, 0, new Uint8Array(0)), own);
  }

  /** The bridge whose line has this address: messages go to lines of this domain only. */
  #bridgeOf(address: string): string | undefined {
    const tokens = address.slice(this.#subjects.prefix.length + 1).split('.');
    const [b, bridge = '', line = ''] = tokens;
    if (!address.startsWith(`${this.#subjects.prefix}.`) || b !== 'b' || tokens.length !== 3) {
      return undefined;
    }
    return hex16.test(bridge) && (hex16.test(line) || line === door) ? bridge : undefined;
  }
}

/** The server of NATS says that nobody listens at the address that a packet went to. */
function isNobody({ data, headers }: Msg): boolean {
  if (data.length > 0 || headers === undefined) return false;
  return headers.status.startsWith(noResponders) || headers.code === Number(noResponders);
}
