// The port over a MessagePort: two sides, no bus. Payloads are structured clones, so this file runs
// in a browser, too. All frames of one turn are one message, since a message costs far more than a
// frame.
import { maxMetadataBytes } from '../../../base/metadata-tag.js';
import { InvalidArgumentError } from '../errors.js';
import { afterReactions } from '../host.js';
import {
  type Attachments,
  gone,
  type IncomingFrame,
  type PeerSet,
  type Port,
  type PortEvents,
  type PortPeer,
  type Target,
} from '../port.js';
import { answerKind, codecNumber, formatOf, kindOf } from '../wire/format.js';
import { sizeOf, sizeOfReceived } from '../wire/size.js';
import { answerType } from '../wire/types.js';
import { callOf, listen, type PortLike } from './message-channel.js';

/** The other side. */
const other: PortPeer = Object.freeze({ id: 1, pid: 0, label: Object.freeze([]) });
const others: readonly PortPeer[] = Object.freeze([other]);
const nobody: readonly PortPeer[] = Object.freeze([]);
const anyone: Target = Object.freeze({ text: 'the other side of the port' });

/** The newest frame of a key that is not sent yet, because the previous one was not taken. */
interface Keyed {
  waiting: WireFrame | undefined;
}

/** (id, type, format, replyTo, payload, metadata); a key is last, and asks for an answer. */
type WireFrame = readonly [
  id: number,
  type: string,
  format: number,
  replyTo: number,
  payload: unknown,
  metadata: Uint8Array | undefined,
  key?: string,
];

/** Tells the other side that its message of a key was taken. */
const takenFormat = formatOf(answerKind.nothing, codecNumber.messagePack);

/** Carries frames to the other side of a message port. */
export class MessagePortPort implements Port {
  readonly name = 'message port';
  readonly carriesAttachments = false;
  readonly carriesBytes = false;
  readonly #port: PortLike;
  #events: PortEvents | undefined;
  #nextId = 1;
  #batch: WireFrame[] = [];
  #closed = false;
  #lastPayload: unknown;
  readonly #keys = new Map<string, Keyed>();

  constructor(port: PortLike) {
    this.#port = port;
  }

  /** Only streams ask, so it is not worked out for every frame. */
  get lastSize(): number {
    return sizeOf(this.#lastPayload);
  }

  open(events: PortEvents): void {
    this.#events = events;
    listen(this.#port, {
      message: (data) => this.#received(data),
      closed: () => this.#end(),
    });
  }

  target(_label: string | undefined, to: unknown): Target {
    if (to === undefined) return anyone;
    throw new InvalidArgumentError('a message port has one other side: `to` cannot choose', {
      executed: 'no',
    });
  }

  candidates(): readonly PortPeer[] {
    return this.#closed ? nobody : others;
  }

  forgetCandidates(): void {}

  post(
    _peer: number,
    type: string,
    format: number,
    replyTo: number,
    payload: unknown,
    metadata: Uint8Array | undefined,
    _attachments: Attachments | undefined,
  ): number {
    if (this.#closed) return gone;
    const id = this.#nextId++;
    this.#lastPayload = payload;
    this.#add([id, type, format, replyTo, payload, metadata]);
    return id;
  }

  postToAll(peers: PeerSet, type: string, format: number, payload: unknown, key?: string): void {
    if (this.#closed || peers.size === 0) return;
    const frame: WireFrame = [this.#nextId++, type, format, 0, payload, undefined];
    if (key === undefined) {
      this.#add(frame);
      return;
    }
    const keyed = this.#keys.get(key);
    if (keyed !== undefined) {
      keyed.waiting = frame;
      return;
    }
    this.#keys.set(key, { waiting: undefined });
    this.#add(withKey(frame, key));
  }

  whenRoom(): Promise<void> {
    return Promise.resolve();
  }

  describe(): PortPeer | undefined {
    return this.#closed ? undefined : other;
  }

  retire(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#flush();
      this.#post(null);
      this.#end();
    }
    callOf(this.#port, 'close');
    return Promise.resolve();
  }

  setReferenced(wanted: boolean): void {
    callOf(this.#port, wanted ? 'ref' : 'unref');
  }

  #add(frame: WireFrame): void {
    if (this.#batch.push(frame) === 1) afterReactions(this.#flush);
  }

  readonly #flush = () => {
    const batch = this.#batch;
    if (batch.length === 0 || this.#closed) return;
    this.#batch = [];
    this.#post(batch);
  };

  #post(data: unknown): void {
    try {
      this.#port.postMessage(data);
    } catch {
      // Payloads are plain by now; a port that was transferred or detached is gone.
      this.#end();
    }
  }

  #received(data: unknown): void {
    if (data === null) {
      this.#end();
      return;
    }
    if (!Array.isArray(data)) return;
    for (const each of data) {
      // What follows something else in the list is not of this layer either.
      if (this.#closed || !isFrame(each)) return;
      this.#frame(each);
    }
  }

  #frame(wire: WireFrame): void {
    const [id, type, format, replyTo, payload, metadata, key] = wire;
    if (type === answerType.id && kindOf(format) === answerKind.nothing) {
      if (typeof payload === 'string') this.#taken(payload);
      return;
    }
    this.#events?.frame(new PortFrame(id, type, format, replyTo, payload, metadata));
    // In a later turn of this event loop: while it is busy, only the newest one waits.
    if (key !== undefined)
      this.#add([this.#nextId++, answerType.id, takenFormat, 0, key, undefined]);
  }

  #taken(key: string): void {
    const keyed = this.#keys.get(key);
    if (keyed === undefined) return;
    const { waiting } = keyed;
    keyed.waiting = undefined;
    if (waiting === undefined) this.#keys.delete(key);
    else this.#add(withKey(waiting, key));
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#batch = [];
    this.#keys.clear();
    this.#events?.gone(other.id);
    this.#events?.closed();
  }
}

/** A frame that arrived over a port. */
class PortFrame implements IncomingFrame {
  readonly from = other;
  readonly attachments = undefined;
  readonly bytes = undefined;
  readonly id: number;
  readonly type: string;
  readonly format: number;
  readonly replyTo: number;
  readonly metadata: Uint8Array | undefined;
  readonly #payload: unknown;
  #size: number | undefined;

  constructor(
    id: number,
    type: string,
    format: number,
    replyTo: number,
    payload: unknown,
    metadata: Uint8Array | undefined,
  ) {
    this.id = id;
    this.type = type;
    this.format = format;
    this.replyTo = replyTo;
    this.metadata = metadata;
    this.#payload = payload;
  }

  get size(): number {
    this.#size ??= sizeOfReceived(this.#payload);
    return this.#size;
  }

  read(): unknown {
    // Refuses what no codec could have written.
    this.#size ??= sizeOfReceived(this.#payload);
    return this.#payload;
  }
}

function withKey([id, type, format, replyTo, payload, metadata]: WireFrame, key: string) {
  return [id, type, format, replyTo, payload, metadata, key] as const;
}

// The other side wrote it.
function isFrame(value: unknown): value is WireFrame {
  if (!Array.isArray(value) || value.length < 6 || value.length > 7) return false;
  const [id, type, format, replyTo, , metadata, key] = value as unknown[];
  return (
    isNumber(id, Number.MAX_SAFE_INTEGER) &&
    typeof type === 'string' &&
    isNumber(format, 0xffff) &&
    isNumber(replyTo, Number.MAX_SAFE_INTEGER) &&
    (metadata === undefined || isMetadata(metadata)) &&
    (key === undefined || (typeof key === 'string' && key.length <= 128))
  );
}

// Of any realm: a test of Jest runs in one, and its ports come from another.
function isMetadata(value: unknown): value is Uint8Array {
  return (
    ArrayBuffer.isView(value) &&
    Object.prototype.toString.call(value) === '[object Uint8Array]' &&
    value.byteLength <= maxMetadataBytes
  );
}

function isNumber(value: unknown, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
}
