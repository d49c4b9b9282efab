// One wire: its handshake, its frames in both directions, and its end. Whom the messages concern is
// the port's affair.
import { afterReactions, clearTimeout, setTimeout } from '../rpc/entry-port.js';
import type { Carrier } from './carrier.js';
import { codeOf, WireError } from './errors.js';
import { frameKind, malformed, takenBytes } from './frames/frame.js';
import type { FrameReader, FrameSink, Framing } from './framing/framing.js';
import {
  type Hello,
  isSameToken,
  maxHelloBytes,
  membersOf,
  type Offer,
  parse,
  parseOffers,
  readHello,
  writeHello,
  writeOffers,
} from './hello.js';
import { KeepAlive } from './keep-alive.js';
import type { Limits } from './limits.js';
import { Outbox } from './outbox.js';
import { Turns } from './turns.js';

/** How a wire is set up. */
export interface WireSettings {
  /** Who speaks first. */
  readonly side: 'connect' | 'serve';
  /** Sent by the side that connects, expected by the side that serves. */
  readonly token: string | undefined;
  readonly limits: Limits;
  readonly framing: Framing;
  /** What the bytes go through before they are on the carrier. */
  readonly through: (carrier: Carrier) => Carrier;
  /** Idle milliseconds before a ping; 0 for none. */
  readonly keepAlive: number;
  readonly answerOnly: boolean;
  /** Milliseconds that a side with nothing to send keeps its turn; 0 for both ways at once. */
  readonly turn: number;
  /** Why the other side is let go once it has said what it is. */
  readonly refusal?: WireError | undefined;
}

/** Whom a wire reports to. None of the functions throws. */
export interface WireHost {
  /** The interfaces served here. */
  offers(): readonly Offer[];
  /** The handshake is done. */
  opened(wire: Wire): void;
  /** The other side serves other interfaces now. */
  offersChanged(wire: Wire): void;
  /**
   * A message came.
   * @throws WireError if it breaks the protocol.
   */
  message(wire: Wire, frame: Uint8Array): void;
  /** The other side has taken its message of this type. */
  taken(wire: Wire, frame: Uint8Array): void;
  /** Bytes were lost or changed on the way; they were found out, and are had again. */
  corrupted(wire: Wire, what: string): void;
  /** Calls are under way, in either direction. */
  isBusy(wire: Wire): boolean;
  /** The wire is over; these calls were surely not sent. Called once. */
  ended(wire: Wire, error: WireError, unsent: readonly number[]): void;
}

/** Milliseconds that a peer gets to read why its wire ends. */
const farewell = 1000;

/** A wire. */
export class Wire implements FrameSink {
  /** The number of its other side. */
  readonly peer: number;
  readonly carrier: Carrier;
  readonly outbox: Outbox;
  readonly settings: WireSettings;
  /** What the other side said about itself. */
  hello: Hello | undefined;
  /** What it serves by now. */
  offers: readonly Offer[] = [];
  readonly #host: WireHost;
  readonly #reader: FrameReader;
  readonly #keepAlive: KeepAlive | undefined;
  readonly #turns: Turns | undefined;
  #said = false;
  #over = false;
  #flushing = false;
  #carrierEnded = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #gone: (() => void)[] = [];

  constructor(peer: number, line: Carrier, settings: WireSettings, host: WireHost) {
    const carrier = settings.through(line);
    this.peer = peer;
    this.carrier = carrier;
    this.settings = settings;
    this.#host = host;
    const { framing, limits, keepAlive, turn, side } = settings;
    this.#reader = framing.reader(maxHelloBytes);
    this.outbox = new Outbox(carrier, framing, limits.queueBytes);
    const canVanish = keepAlive > 0;
    this.#keepAlive = canVanish
      ? new KeepAlive(
          keepAlive,
          () => this.#control(frameKind.ping),
          () => this.fail(new WireError('WIRE_SILENT', `${carrier.name} does not answer`)),
        )
      : undefined;
    this.#turns =
      turn > 0
        ? new Turns(this.outbox, turn, side === 'connect', () => host.isBusy(this))
        : undefined;
  }

  /** Whether messages can be sent. */
  get isOpen(): boolean {
    return this.hello !== undefined && !this.#over;
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Begins the handshake. */
  open(): void {
    const { handshake } = this.settings.limits;
    this.#timer = setTimeout(() => {
      const text = `${this.carrier.name} did not end its handshake within ${handshake} ms`;
      this.fail(new WireError('HANDSHAKE_TIMEOUT', text));
    }, handshake);
    this.carrier.open({
      data: (bytes) => this.#received(bytes),
      drain: () => this.outbox.drained(),
      corrupted: (what) => this.#host.corrupted(this, what),
      end: (error) => this.#carrierEnd(error),
    });
    if (this.settings.side === 'connect') this.#say();
  }

  /** Sends what was written, when this turn of the event loop and its promises are done. */
  wrote(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    afterReactions(this.#flush);
  }

  /** Tells the other side which interfaces are served here by now. */
  tellOffers(): void {
    if (!this.#said || this.#over) return;
    this.outbox.add(writeOffers(this.#host.offers()));
    this.wrote();
  }

  /** Ends the wire because of a fault, of which the other side gets to know. */
  fail(error: WireError): void {
    if (this.#over) return;
    const content = JSON.stringify({ code: error.code, message: error.message });
    this.#end(error, frameKind.refusal, content);
  }

  /** Sends what waits, says goodbye and closes; at the latest after `linger` milliseconds. */
  async close(linger: number): Promise<void> {
    if (!this.#over) {
      this.outbox.flush();
      await this.#within(linger, this.outbox.whenEmpty());
      this.#end(new WireError('WIRE_CLOSED', 'the wire was closed here'), frameKind.bye, '');
    }
    if (!this.#carrierEnded) {
      await this.#within(linger, new Promise<void>((resolve) => this.#gone.push(resolve)));
    }
    this.carrier.destroy();
  }

  /** How many bytes of unfinished frames are held. */
  get waiting(): number {
    return this.#reader.waiting;
  }

  // ---- FrameSink ----

  frame(frame: Uint8Array): void {
    if (this.#over) return;
    const kind = frame[0] as number;
    if (this.hello === undefined) {
      this.#greeted(frame, kind);
      return;
    }
    switch (kind) {
      case frameKind.message:
      case frameKind.newest:
        this.#host.message(this, frame);
        return;
      case frameKind.taken:
        if (frame.length !== takenBytes) throw malformed('a frame `taken` has another size');
        this.#host.taken(this, frame);
        return;
      case frameKind.offers:
        this.offers = parseOffers(frame);
        this.#host.offersChanged(this);
        return;
      case frameKind.ping:
        this.#control(frameKind.pong);
        return;
      case frameKind.pong:
        return;
      case frameKind.over:
        this.#turns?.given();
        return;
      case frameKind.bye:
        this.#end(new WireError('WIRE_CLOSED', 'the other side has closed the wire'), 0, '');
        return;
      case frameKind.refusal:
        this.#refused(frame);
        return;
      default:
        throw malformed(`a frame of kind ${kind}`);
    }
  }

  // ---- handshake ----

  #say(): void {
    this.#said = true;
    const { limits, token, side, answerOnly, turn } = this.settings;
    const own = side === 'connect' ? token : undefined;
    const offers = this.#host.offers();
    this.outbox.add(writeHello(limits, { offers, token: own, answerOnly, halfDuplex: turn > 0 }));
    if (this.#turns === undefined) this.outbox.flush();
    else this.#turns.flush();
  }

  #greeted(frame: Uint8Array, kind: number): void {
    if (kind === frameKind.refusal) {
      this.#refused(frame);
      return;
    }
    const hello = readHello(frame);
    const { side, token, turn, limits, refusal } = this.settings;
    if (refusal !== undefined) throw refusal;
    if (side === 'serve' && token !== undefined && !isSameToken(token, hello.token)) {
      throw new WireError('WIRE_TOKEN', 'the token is wrong or missing');
    }
    if (hello.halfDuplex !== turn > 0) {
      throw new WireError('NOT_A_WIRE', 'only one of the two sides takes turns');
    }
    this.hello = hello;
    this.offers = hello.offers;
    this.#reader.maxBytes = limits.frameBytes;
    clearTimeout(this.#timer);
    if (!this.#said) this.#say();
    this.#keepAlive?.start();
    this.#host.opened(this);
  }

  #refused(frame: Uint8Array): void {
    const { code, message } = membersOf(parse(frame.subarray(1)));
    const text = typeof message === 'string' ? message.slice(0, 1024) : 'it did not say why';
    const error = new WireError(codeOf(code), `the other side ended the wire: ${text}`);
    this.#end(error, 0, '');
  }

  // ---- bytes ----

  readonly #flush = () => {
    this.#flushing = false;
    if (this.#over) return;
    if (this.#turns === undefined) this.outbox.flush();
    else this.#turns.flush();
  };

  #received(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#keepAlive?.heard();
    try {
      this.#reader.push(bytes, this);
    } catch (thrown) {
      this.fail(this.#faultOf(thrown));
    }
  }

  #faultOf(thrown: unknown): WireError {
    const error =
      thrown instanceof WireError ? thrown : new WireError('FRAME_MALFORMED', `${thrown}`, thrown);
    // Whatever speaks another protocol looks like frames that are too large.
    const isOther = this.hello === undefined && error.code.startsWith('FRAME_');
    return isOther ? new WireError('NOT_A_WIRE', 'the other side speaks no wire', error) : error;
  }

  #control(kind: number): void {
    if (this.#over) return;
    this.outbox.add(Uint8Array.of(kind));
    this.wrote();
  }

  // ---- end ----

  #carrierEnd(error: unknown): void {
    this.#carrierEnded = true;
    clearTimeout(this.#timer);
    for (const resolve of this.#gone.splice(0)) resolve();
    if (this.#over) {
      this.carrier.destroy();
      return;
    }
    const { name } = this.carrier;
    const text =
      this.hello === undefined ? `${name} ended before its handshake` : `${name} was cut`;
    const end = error instanceof WireError ? error : new WireError('WIRE_CUT', text, error);
    this.#end(end, 0, '');
    this.carrier.destroy();
  }

  // `kind` is that of a last frame, 0 for none.
  #end(error: WireError, kind: number, content: string): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#keepAlive?.stop();
    this.#turns?.stop();
    const unsent = this.outbox.finish();
    if (!this.#carrierEnded) {
      if (kind !== 0) {
        const frame = new Uint8Array(1 + content.length * 3);
        frame[0] = kind;
        const { written } = new TextEncoder().encodeInto(content, frame.subarray(1));
        this.carrier.write(this.settings.framing.wrap(frame.subarray(0, 1 + written)));
      }
      this.carrier.close();
      this.#timer = setTimeout(() => this.carrier.destroy(), farewell);
      (this.#timer as { unref?(): void }).unref?.();
    }
    this.#host.ended(this, error, unsent);
  }

  async #within(milliseconds: number, done: Promise<void>): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(milliseconds, 0x7fff_ffff));
    });
    await Promise.race([done, late]);
    clearTimeout(timer);
  }
}
