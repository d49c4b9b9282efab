// The port over wires: the third one of the rpc layer. Each wire is a peer. A side that connects has
// one, a side that listens has as many as have connected.
import {
  type Attachments,
  answerKind,
  answerType,
  codecNumber,
  codecOf,
  flag,
  formatOf,
  full,
  gone,
  InvalidArgumentError,
  kindOf,
  type Members,
  memberKind,
  type PeerSet,
  type Port,
  type PortEvents,
  type PortPeer,
  type Target,
} from '../rpc/entry-port.js';
import { WireError } from './errors.js';
import { ByteWriter } from './frames/byte-writer.js';
import { frameKind, malformed, messageHead, readMessage } from './frames/frame.js';
import { writePayload } from './frames/payload.js';
import { bytesOfType, textOfType } from './frames/types.js';
import { labelOf, type Offer } from './hello.js';
import { ends, Inbound } from './inbound.js';
import type { Wire, WireHost } from './wire.js';
import { WireFrame } from './wire-frame.js';

const nobody: readonly PortPeer[] = Object.freeze([]);

/** What happens to the wires of a port, for those who opened them. */
export interface WireWatcher {
  opened(wire: Wire): void;
  ended(wire: Wire, error: WireError): void;
  corrupted(wire: Wire, what: string): void;
}

/** A wire that is open, with what is under way on it. */
class Line {
  readonly wire: Wire;
  readonly inbound: Inbound;
  /** Calls of this side; counted only where turns depend on it. */
  readonly outbound = new Set<number>();
  /** By type: the newest message that waits until the previous one was taken. */
  readonly newest = new Map<string, Uint8Array | undefined>();
  peer: PortPeer;

  constructor(wire: Wire) {
    this.wire = wire;
    this.inbound = new Inbound(wire.settings.limits);
    this.peer = peerOf(wire);
  }
}

interface WireTarget extends Target {
  readonly label: string | undefined;
  readonly peer: number | undefined;
  /** The peers that matched when the port had this version. */
  peers: readonly PortPeer[];
  version: number;
}

/** Carries frames over wires. */
export class WirePort implements Port, WireHost {
  readonly name: string;
  readonly carriesAttachments = false;
  readonly carriesBytes = true;
  lastSize = 0;
  /** The interfaces that are served here, in the order in which they were added. */
  served: readonly Offer[] = [];
  readonly #watcher: WireWatcher;
  readonly #lines = new Map<number, Line>();
  readonly #wires = new Set<Wire>();
  readonly #payload = new ByteWriter();
  #events: PortEvents | undefined;
  #nextPeer = 1;
  /** Grows with each change of the peers. */
  #version = 1;
  #nextId = 1;
  #closing: (linger: number) => Promise<void>;

  /** `closing` is called when the port closes, before its wires do. */
  constructor(name: string, watcher: WireWatcher, closing: (linger: number) => Promise<void>) {
    this.name = name;
    this.#watcher = watcher;
    this.#closing = closing;
  }

  /** The number of the next wire. */
  nextPeer(): number {
    return this.#nextPeer++;
  }

  /** How many wires there are, those in their handshake included. */
  get wires(): ReadonlySet<Wire> {
    return this.#wires;
  }

  /** Adds a wire that was made for this port, and opens it. */
  add(wire: Wire): void {
    this.#wires.add(wire);
    wire.open();
  }

  /** Serves other interfaces from now on. */
  serve(served: readonly Offer[]): void {
    this.served = served;
    for (const { wire } of this.#lines.values()) wire.tellOffers();
  }

  /** Nothing will connect any more. */
  end(cause: WireError): void {
    this.#events?.closed(cause);
  }

  // ---- Port ----

  open(events: PortEvents): void {
    this.#events = events;
  }

  target(label: string | undefined, to: unknown): Target {
    const target = (peer: number | undefined): WireTarget => ({
      text: label ?? 'the other side of the wire',
      label,
      peer,
      peers: nobody,
      version: 0,
    });
    if (to === undefined) return target(undefined);
    const { id } = (typeof to === 'object' && to !== null ? to : {}) as { readonly id?: unknown };
    if (typeof id === 'number') return target(id);
    throw new InvalidArgumentError('over a wire, `to` is one of its peers', { executed: 'no' });
  }

  candidates(wanted: Target): readonly PortPeer[] {
    const target = wanted as WireTarget;
    if (target.version === this.#version) return target.peers;
    const { label, peer } = target;
    const found: PortPeer[] = [];
    for (const { peer: each, wire } of this.#lines.values()) {
      if (wire.settings.answerOnly) continue;
      if (peer !== undefined && each.id !== peer) continue;
      if (label === undefined || each.label.includes(label)) found.push(each);
    }
    target.peers = found;
    target.version = this.#version;
    return found;
  }

  forgetCandidates(): void {}

  post(
    peer: number,
    type: string,
    format: number,
    replyTo: number,
    payload: unknown,
    metadata: Uint8Array | undefined,
    _attachments: Attachments | undefined,
  ): number {
    const line = this.#lines.get(peer);
    if (line === undefined) return gone;
    const { outbox, settings } = line.wire;
    if (outbox.isFull) return full;
    const id = this.#nextId++;
    const isCall = replyTo === 0 && type !== answerType.id;
    this.#write(line, frameKind.message, type, format, id, replyTo, payload, metadata, isCall);
    if (!isCall) line.inbound.answered(replyTo, format);
    else if (settings.turn > 0) line.outbound.add(id);
    return id;
  }

  postToAll(peers: PeerSet, type: string, format: number, payload: unknown, key?: string): void {
    const packed = this.#pack(payload, codecOf(format));
    for (const id of peers.ids) {
      const line = this.#lines.get(id);
      if (line === undefined) continue;
      if (key !== undefined) this.#postNewest(line, type, format, packed);
      // A slow subscriber must hold up neither the server nor the others.
      else if (!line.wire.outbox.isFull) this.#writePacked(line, type, format, packed);
    }
  }

  whenRoom(peer: number): Promise<void> {
    return this.#lines.get(peer)?.wire.outbox.whenRoom() ?? Promise.resolve();
  }

  describe(peer: number): PortPeer | undefined {
    return this.#lines.get(peer)?.peer;
  }

  retire({ source: { name, version } }: Members): Promise<void> {
    this.serve(this.served.filter((each) => each.name !== name || each.version !== version));
    return Promise.resolve();
  }

  async close(linger: number): Promise<void> {
    await this.#closing(linger);
    await Promise.all([...this.#wires].map((wire) => wire.close(linger)));
  }

  setReferenced(wanted: boolean): void {
    for (const { carrier } of this.#wires) carrier.setReferenced?.(wanted);
  }

  // ---- WireHost ----

  offers(): readonly Offer[] {
    return this.served;
  }

  opened(wire: Wire): void {
    this.#lines.set(wire.peer, new Line(wire));
    this.#version++;
    this.#watcher.opened(wire);
    this.#events?.membersChanged();
  }

  offersChanged(wire: Wire): void {
    const line = this.#lines.get(wire.peer);
    if (line === undefined) return;
    line.peer = peerOf(wire, line.peer);
    this.#version++;
    this.#events?.membersChanged();
  }

  message(wire: Wire, frame: Uint8Array): void {
    const line = this.#lines.get(wire.peer);
    if (line === undefined) return;
    const message = readMessage(frame);
    const type = textOfType(frame, message.typeAt);
    const { limits, answerOnly } = wire.settings;
    const received = new WireFrame(line.peer, type, message, limits.depth);
    if (message.kind === frameKind.newest) this.#take(line, frame.subarray(20, 36));
    const { replyTo, format } = received;
    const isAnswer = type === answerType.id || replyTo !== 0;
    if (isAnswer) {
      line.inbound.told(replyTo, format);
      if (line.outbound.size > 0 && ends.has(kindOf(format))) line.outbound.delete(replyTo);
    } else if (kindOf(format) !== memberKind.emission && !this.#admits(line, received)) {
      return;
    }
    const isForCaller = isAnswer
      ? (format & flag.fromCaller) === 0
      : kindOf(format) === memberKind.emission;
    if (answerOnly && isForCaller) return;
    this.#events?.frame(received);
  }

  taken(wire: Wire, frame: Uint8Array): void {
    const line = this.#lines.get(wire.peer);
    const type = textOfType(frame, 4);
    if (line === undefined || !line.newest.has(type)) return;
    const waiting = line.newest.get(type);
    if (waiting === undefined) {
      line.newest.delete(type);
      return;
    }
    line.newest.set(type, undefined);
    line.wire.outbox.add(waiting);
    line.wire.wrote();
  }

  corrupted(wire: Wire, what: string): void {
    this.#watcher.corrupted(wire, what);
  }

  isBusy(wire: Wire): boolean {
    const line = this.#lines.get(wire.peer);
    return line !== undefined && (line.inbound.size > 0 || line.outbound.size > 0);
  }

  ended(wire: Wire, error: WireError, unsent: readonly number[]): void {
    this.#wires.delete(wire);
    if (this.#lines.delete(wire.peer)) {
      this.#version++;
      for (const call of unsent) this.#events?.undelivered(wire.peer, call);
      this.#events?.gone(wire.peer, error);
      this.#events?.membersChanged();
    }
    this.#watcher.ended(wire, error);
  }

  // ---- writing ----

  #write(
    line: Line,
    kind: number,
    type: string,
    format: number,
    id: number,
    replyTo: number,
    payload: unknown,
    metadata: Uint8Array | undefined,
    isCall: boolean,
  ): void {
    const { wire } = line;
    const { outbox } = wire;
    const { writer } = outbox;
    const offset = outbox.begin();
    try {
      writer.room(messageHead);
      writer.u8(kind);
      writer.u8(metadata?.length ?? 0);
      writer.u16(format);
      writer.u64(id);
      writer.u64(replyTo);
      writer.raw(bytesOfType(type));
      if (metadata !== undefined) writer.raw(metadata);
      const before = writer.size;
      writePayload(writer, payload, codecOf(format));
      this.lastSize = writer.size - before;
      this.#checkSize(wire, writer.size - offset - 4);
    } catch (error) {
      outbox.cancel(offset);
      throw error;
    }
    outbox.end(offset, isCall ? id : 0);
    wire.wrote();
  }

  #checkSize({ hello, carrier }: Wire, size: number): void {
    const most = hello?.frameBytes ?? 0;
    if (size <= most) return;
    const text = `a frame of ${size} bytes; the other side of ${carrier.name} takes ${most}`;
    throw new WireError('FRAME_TOO_LARGE', text);
  }

  #pack(payload: unknown, codec: number): Uint8Array {
    writePayload(this.#payload, payload, codec);
    return this.#payload.take();
  }

  #writePacked(line: Line, type: string, format: number, packed: Uint8Array): void {
    try {
      this.#writeFrame(line, frameKind.message, type, format, packed);
    } catch {
      // Too large for this subscriber.
    }
  }

  #writeFrame(line: Line, kind: number, type: string, format: number, packed: Uint8Array): void {
    const frame = frameOf(kind, type, format, this.#nextId++, packed);
    this.#checkSize(line.wire, frame.length);
    line.wire.outbox.add(frame);
    line.wire.wrote();
  }

  #postNewest(line: Line, type: string, format: number, packed: Uint8Array): void {
    const frame = frameOf(frameKind.newest, type, format, this.#nextId++, packed);
    if (frame.length > (line.wire.hello?.frameBytes ?? 0)) return;
    if (line.newest.has(type)) {
      line.newest.set(type, frame);
      return;
    }
    line.newest.set(type, undefined);
    line.wire.outbox.add(frame);
    line.wire.wrote();
  }

  // In a later turn of this event loop: while it is busy, only the newest one waits.
  #take(line: Line, type: Uint8Array): void {
    const frame = new Uint8Array(20);
    frame[0] = frameKind.taken;
    frame.set(type, 4);
    line.wire.outbox.add(frame);
    line.wire.wrote();
  }

  // Beyond the limits of the wire, a call is refused here.
  #admits(line: Line, frame: WireFrame): boolean {
    const { inbound, wire } = line;
    if (frame.id === 0 || inbound.has(frame.id)) throw malformed('a call with a number in use');
    if (inbound.admit(frame)) return true;
    const { json, messagePack } = codecNumber;
    const codec = codecOf(frame.format) === json ? json : messagePack;
    const format = formatOf(answerKind.busy, codec);
    const payload = { load: inbound.size, leaving: false };
    const { id } = answerType;
    this.#write(
      line,
      frameKind.message,
      id,
      format,
      this.#nextId++,
      frame.id,
      payload,
      undefined,
      false,
    );
    // A peer that takes no refusals gets no more of them.
    if (wire.outbox.writer.size > 2 * wire.settings.limits.queueBytes + 65_536) {
      throw malformed('the other side calls on and takes no answers');
    }
    return false;
  }
}

function frameOf(kind: number, type: string, format: number, id: number, payload: Uint8Array) {
  const frame = new Uint8Array(messageHead + payload.length);
  const view = new DataView(frame.buffer);
  frame[0] = kind;
  view.setUint16(2, format, true);
  view.setUint32(4, id % 2 ** 32, true);
  view.setUint32(8, Math.floor(id / 2 ** 32), true);
  frame.set(bytesOfType(type), 20);
  frame.set(payload, messageHead);
  return frame;
}

// A side that once passed calls on may still answer some, whatever it offers by now.
function peerOf({ peer: id, offers }: Wire, before?: PortPeer): PortPeer {
  const label = offers.flatMap((offer) => [offer.name, labelOf(offer)]);
  const relays = before?.relays === true || offers.some(({ relayed }) => relayed === true);
  return Object.freeze({ id, pid: 0, label: Object.freeze([...new Set(label)]), relays });
}
