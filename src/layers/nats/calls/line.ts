// A line: what carries a wire between two bridges over NATS. Each packet names the address that
// answers go to, so the server of NATS says at once when nobody listens at the other one any more.
import type { Carrier, CarrierEvents } from '../../wire/entry-sessions.js';
import {
  type Packet,
  packetHead,
  packetKind,
  readTaken,
  writePacket,
  writeTaken,
} from './packet.js';

/** Bytes under way that the other side has not taken, before a wire has to wait. */
const window = 256 * 1024;

/** Bytes after which the sender learns that they were taken. */
const tellEvery = window / 4;

/** Bytes of one packet at most, even where NATS takes more. */
const mostContent = 128 * 1024;

const nothing = new Uint8Array(0);

/** What lines send through. */
export interface LineHost {
  /** Bytes of a message at most. */
  readonly maxPayload: number;
  /** Sends a packet; without a connection it is lost. */
  send(to: string, packet: Uint8Array, reply: string): void;
  /** The line is over, and its address free. */
  forget(line: NatsLine): void;
}

/** Carries the bytes of one wire. */
export class NatsLine implements Carrier {
  readonly name: string;
  readonly canVanish = true;
  /** The subject at which this side listens. */
  readonly address: string;
  readonly #host: LineHost;
  /** The subject of the other side; `undefined` until it is known. */
  #remote: string | undefined;
  #events: CarrierEvents | undefined;
  #sent = 0;
  #expected = 0;
  #underWay = 0;
  #untold = 0;
  #waits = false;
  #closed = false;
  #over = false;
  #ending: { readonly error: unknown } | undefined;
  readonly #early: Uint8Array[] = [];
  readonly #whenOver: (() => void)[] = [];

  constructor(name: string, address: string, host: LineHost) {
    this.name = name;
    this.address = address;
    this.#host = host;
  }

  /** Whether it has ended. */
  get over(): boolean {
    return this.#over;
  }

  /** Resolves when it has ended. */
  whenOver(): Promise<void> {
    if (this.#over) return Promise.resolve();
    return new Promise((resolve) => this.#whenOver.push(resolve));
  }

  /** The other side listens there. */
  connected(remote: string): void {
    this.#remote = remote;
  }

  /** Sends a packet that has no number to a subject: `open` and `accept`. */
  ask(to: string, kind: number): void {
    this.#host.send(to, writePacket(kind, 0, nothing), this.address);
  }

  // ---- Carrier ----

  open(events: CarrierEvents): void {
    this.#events = events;
    for (const bytes of this.#early.splice(0)) events.data(bytes);
    if (this.#ending !== undefined) events.end(this.#ending.error);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#over || this.#closed) return true;
    const most = Math.min(mostContent, this.#host.maxPayload - packetHead);
    for (let at = 0; at < bytes.length; at += most) {
      this.#send(packetKind.data, bytes.subarray(at, at + most));
    }
    this.#underWay += bytes.length;
    this.#waits = this.#underWay >= window;
    return !this.#waits;
  }

  close(): void {
    if (this.#closed || this.#over) return;
    this.#closed = true;
    this.#send(packetKind.close, nothing);
  }

  destroy(): void {
    this.close();
    this.end();
  }

  // ---- from the other side ----

  /** A packet came. */
  received({ kind, number, content }: Packet): void {
    if (this.#over) return;
    if (kind === packetKind.taken) {
      this.#taken(readTaken(content));
      return;
    }
    if (number !== this.#expected) {
      this.end(new Error(`NATS has lost packets between ${this.#expected} and ${number}`));
      return;
    }
    this.#expected = (this.#expected + 1) >>> 0;
    if (kind === packetKind.data) this.#data(content);
    else if (kind === packetKind.close) {
      this.close();
      this.end();
    }
  }

  /** Nothing more comes; `error` says why, unless the other side has closed. */
  end(error?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#host.forget(this);
    if (this.#events === undefined) this.#ending = { error };
    else this.#events.end(error);
    for (const resolve of this.#whenOver.splice(0)) resolve();
  }

  #data(content: Uint8Array): void {
    if (this.#events === undefined) this.#early.push(content);
    else this.#events.data(content);
    this.#untold += content.length;
    if (this.#untold < tellEvery || this.#over) return;
    const told = writeTaken(this.#untold);
    this.#untold = 0;
    if (this.#remote === undefined) return;
    this.#host.send(this.#remote, writePacket(packetKind.taken, 0, told), this.address);
  }

  #taken(count: number): void {
    this.#underWay = Math.max(0, this.#underWay - count);
    if (!this.#waits || this.#underWay >= window) return;
    this.#waits = false;
    this.#events?.drain();
  }

  #send(kind: number, content: Uint8Array): void {
    if (this.#remote === undefined) return;
    const packet = writePacket(kind, this.#sent, content);
    this.#sent = (this.#sent + 1) >>> 0;
    this.#host.send(this.#remote, packet, this.address);
  }
}
