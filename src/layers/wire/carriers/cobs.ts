// A carrier over a line that errs, such as a serial one: what was changed or lost on the way is found
// out by a checksum and sent again (go-back-N), so that frames arrive whole and in order, or the wire
// ends.
import { clearTimeout, setTimeout } from '../../rpc/entry-port.js';
import type { Carrier, CarrierEvents } from '../carrier.js';
import { WireError } from '../errors.js';
import {
  contentBytes,
  type Packet,
  PacketReader,
  packetKind,
  writePacket,
} from '../framing/packets.js';

/** Packets that may be under way without an answer. */
const window = 8;

/** Milliseconds without an answer until the packets under way are sent again: first, and most. */
const firstPatience = 100;
const longestPatience = 1000;

/** Milliseconds without any progress until the line counts as broken. */
const hopeless = 10_000;

/** Bytes that may wait here before the wire has to. */
const mostQueued = 64 * 1024;

const nothing = new Uint8Array(0);
const { part, last, ack, nack, begin } = packetKind;

/** Frames over a line that errs. */
export class CobsCarrier implements Carrier {
  readonly name: string;
  readonly keepsMessages = true;
  readonly canVanish: boolean;
  readonly #line: Carrier;
  readonly #most: number;
  readonly #reader = new PacketReader();
  #events: CarrierEvents | undefined;
  /** Packets that were not answered; the first {@link #sent} of them are under way. */
  readonly #queue: { readonly kind: number; readonly content: Uint8Array }[] = [];
  #queued = 0;
  #sent = 0;
  /** The number of the first packet in the queue, and of the packet that is expected. */
  #first = 0;
  #expected = 0;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #heardPackets = false;
  #asked = false;
  #blocked = false;
  #closing = false;
  #patience = firstPatience;
  #progressAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `most`: bytes of a frame. */
  constructor(line: Carrier, most: number) {
    this.name = line.name;
    this.canVanish = true;
    this.#line = line;
    this.#most = most;
  }

  open(events: CarrierEvents): void {
    this.#events = events;
    this.#line.open({
      data: (bytes) => this.#reader.push(bytes, (packet) => this.#received(packet)),
      drain: () => undefined,
      end: (error) => this.#end(error),
    });
    // A zero first: whatever the line has from before is a packet of its own.
    this.#line.write(Uint8Array.of(0));
    this.#send(begin, 0, nothing);
  }

  write(frame: Uint8Array): boolean {
    for (let at = 0; at < frame.length; at += contentBytes) {
      const content = frame.subarray(at, at + contentBytes);
      this.#queue.push({ kind: at + contentBytes < frame.length ? part : last, content });
    }
    this.#queued += frame.length;
    this.#go();
    this.#blocked = this.#queued > mostQueued;
    return !this.#blocked;
  }

  close(): void {
    this.#closing = true;
    if (this.#queue.length === 0) this.#line.close();
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#line.destroy();
  }

  setReferenced(wanted: boolean): void {
    this.#line.setReferenced?.(wanted);
  }

  // ---- sending ----

  /** Sends what the window has room for. */
  #go(): void {
    while (this.#sent < Math.min(window, this.#queue.length)) {
      const { kind, content } = this.#queue[this.#sent] as { kind: number; content: Uint8Array };
      this.#send(kind, this.#first + this.#sent, content);
      this.#sent++;
    }
    if (this.#sent > 0 && this.#timer === undefined) {
      this.#progressAt = performance.now();
      this.#wait();
    }
  }

  #send(kind: number, number: number, content: Uint8Array): void {
    this.#line.write(writePacket(kind, number & 0xff, content));
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (performance.now() - this.#progressAt > hopeless) {
        this.#end(new WireError('WIRE_CORRUPTED', `nothing passes ${this.name} unchanged`));
        return;
      }
      this.#patience = Math.min(2 * this.#patience, longestPatience);
      this.#again();
    }, this.#patience);
    (this.#timer as { unref?(): void }).unref?.();
  }

  #again(): void {
    this.#sent = 0;
    this.#go();
    this.#wait();
  }

  #answered(number: number, lost: boolean): void {
    const count = (number - this.#first) & 0xff;
    // Of packets that are not under way: an old answer.
    if (count > this.#sent) return;
    if (count > 0) {
      for (const { content } of this.#queue.splice(0, count)) this.#queued -= content.length;
      this.#first += count;
      this.#sent -= count;
      this.#patience = firstPatience;
      this.#progressAt = performance.now();
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    if (lost) this.#again();
    else this.#go();
    if (this.#queue.length === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      if (this.#closing) this.#line.close();
    }
    if (this.#blocked && this.#queued <= mostQueued / 2) {
      this.#blocked = false;
      this.#events?.drain();
    }
  }

  // ---- receiving ----

  #received(packet: Packet | undefined): void {
    if (this.#events === undefined) return;
    if (packet === undefined) {
      this.#events.corrupted?.('a packet was changed on its way');
      this.#ask();
      return;
    }
    const { kind, number, content } = packet;
    if (kind === ack || kind === nack) {
      this.#answered(number, kind === nack);
    } else if (kind === begin) {
      this.#began();
    } else if (number !== this.#expected) {
      // Known already, if its answer was lost; else one before it was.
      if (((this.#expected - number) & 0xff) <= window) this.#send(ack, this.#expected, nothing);
      else this.#ask();
    } else {
      this.#asked = false;
      this.#heardPackets = true;
      this.#expected = (number + 1) & 0xff;
      this.#send(ack, this.#expected, nothing);
      this.#take(kind, content);
    }
  }

  // Once: all that follows in the window will be out of place, too.
  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#send(nack, this.#expected, nothing);
  }

  #began(): void {
    if (this.#heardPackets) this.#end(new Error('the other side has begun anew'));
  }

  #take(kind: number, content: Uint8Array): void {
    this.#parts.push(content);
    this.#partBytes += content.length;
    if (this.#partBytes > this.#most) {
      const text = `a frame of more than ${this.#most} bytes`;
      this.#end(new WireError('FRAME_TOO_LARGE', text));
      return;
    }
    if (kind !== last) return;
    const frame = new Uint8Array(this.#partBytes);
    let at = 0;
    for (const each of this.#parts) {
      frame.set(each, at);
      at += each.length;
    }
    this.#parts = [];
    this.#partBytes = 0;
    this.#events?.data(frame);
  }

  #end(error?: unknown): void {
    clearTimeout(this.#timer);
    const events = this.#events;
    this.#events = undefined;
    events?.end(error);
  }
}
