// The port over the bus: an endpoint of its own, which receives messages of every type and decodes
// them here.
import {
  ClosedError,
  type Endpoint,
  type KernelObject,
  type LabelExpression,
  label as labelNamed,
  type MemoryRegion,
  messageBox,
  messageType,
  multicast,
  NoRecipientError,
  type OutgoingMessage,
  PeerGoneError,
  parseLabelExpression,
  QueueFullError,
  type RawBox,
  type Received,
  type Selector,
  type SendOptions,
  unicast,
} from '../../../index.js';
import { InvalidArgumentError } from '../errors.js';
import type { Members } from '../members.js';
import {
  type Attachments,
  full,
  gone,
  type PeerSet,
  type Port,
  type PortEvents,
  type PortPeer,
  type Target,
} from '../port.js';
import { answerKind, codecNumber, codecOf, formatOf } from '../wire/format.js';
import { answerType } from '../wire/types.js';
import { attachedBytes, BusFrame, lostFrame } from './bus-frame.js';
import { carriesCalls, carriesNothing } from './carried.js';
import { FrameCodec, type Slot } from './frame-codec.js';

/** Peers in one selector: its expression may not become too large. */
const peersInSelector = 128;

/** Conditions that are remembered. */
const maxTargets = 256;

interface EndpointTarget extends Target {
  readonly selector: Selector;
}

/** The members that match a target; valid until members change. */
const candidatesOf = new WeakMap<Target, readonly PortPeer[]>();

/** Carries frames between members of a bus. */
export class EndpointPort implements Port {
  readonly name: string;
  readonly bus: string;
  readonly endpointId: number;
  readonly carriesAttachments = true;
  readonly carriesBytes = true;
  readonly #endpoint: Endpoint<RawBox>;
  readonly #listens: boolean;
  readonly #outgoing = new Map<string, Map<number, OutgoingMessage<string, Slot>>>();
  readonly #selectors = new Map<number, Selector>();
  readonly #targets = new Map<unknown, EndpointTarget>();
  #cached = new Set<Target>();
  /** Members whose link to or from here was closed although they are still there. */
  readonly #cutOff = new Set<number>();
  readonly #codec = new FrameCodec();
  #attachedSize = 0;
  /** What the endpoint's label is, or is about to be. */
  #label: readonly string[];
  #events: PortEvents | undefined;

  /** Without `listens`, whoever reads the endpoint gives frames to the session. */
  constructor(endpoint: Endpoint<RawBox>, listens = true) {
    this.#endpoint = endpoint;
    this.#listens = listens;
    this.#label = endpoint.label;
    this.name = `bus '${endpoint.identifier}'`;
    this.bus = endpoint.identifier;
    this.endpointId = endpoint.id;
  }

  get lastSize(): number {
    return this.#codec.lastSize + this.#attachedSize;
  }

  open(events: PortEvents): void {
    this.#events = events;
    const endpoint = this.#endpoint;
    if (this.#listens) carriesCalls(this.endpointId);
    if (this.#listens) endpoint.on('message', (message) => events.frame(this.frameOf(message)));
    endpoint.on('undelivered', ({ peerId, id }) => {
      if (peerId !== undefined) events.undelivered(peerId, id);
    });
    endpoint.on('rejected', ({ from, id, replyTo, type }) =>
      events.frame(lostFrame(from, id, replyTo ?? 0, type)),
    );
    endpoint.on('peer', ({ change }) => {
      this.forgetCandidates();
      // One that has another label is still there, and ends what it has begun. Of one that has left,
      // answers may still be among the messages that wait.
      if (change !== 'left') events.membersChanged();
    });
    endpoint.on('ended', ({ peerId }) => this.#ended(peerId));
    // A link that is closed stays closed: calls must not go where no answer comes back from.
    endpoint.on('violation', ({ peer }) => this.#cut(peer.id));
    endpoint.on('disconnected', ({ peerId }) => this.#cut(peerId));
    endpoint.on('close', () => {
      carriesNothing(this.endpointId);
      events.closed();
    });
  }

  target(label: string | undefined, to: unknown): Target {
    if (to === undefined) return this.#targetOf(label, label, () => labelled(label));
    if (typeof to === 'string') {
      return this.#targetOf(`${label}\0${to}`, to, () => labelled(label, parseLabelExpression(to)));
    }
    if (typeof to !== 'object' || to === null) {
      throw new InvalidArgumentError(`to is ${String(to)}; expected a label expression or a peer`, {
        executed: 'no',
      });
    }
    if ('id' in to && typeof to.id === 'number') {
      const { id } = to;
      return this.#targetOf(`${label}\0#${id}`, `#${id}`, () =>
        labelled(label, unicast({ id }).expression),
      );
    }
    const { expression } = unicast(to as LabelExpression);
    return this.#targetOf(`${label}\0${expression}`, `${expression}`, () =>
      labelled(label, expression),
    );
  }

  candidates(target: Target): readonly PortPeer[] {
    const known = candidatesOf.get(target);
    if (known !== undefined) return known;
    if (this.#endpoint.closed) return [];
    const all = this.#endpoint.matches((target as EndpointTarget).selector);
    const peers = this.#cutOff.size === 0 ? all : all.filter(({ id }) => !this.#cutOff.has(id));
    // An empty answer is not kept: a server may have joined before this process hears of it.
    if (peers.length > 0) {
      candidatesOf.set(target, peers);
      this.#cached.add(target);
    }
    return peers;
  }

  forgetCandidates(): void {
    if (this.#cached.size === 0) return;
    for (const target of this.#cached) candidatesOf.delete(target);
    this.#cached.clear();
  }

  post(
    peer: number,
    type: string,
    format: number,
    replyTo: number,
    payload: unknown,
    metadata: Uint8Array | undefined,
    attachments: Attachments | undefined,
  ): number {
    const message = this.#message(type, format, payload);
    const options = optionsOf(replyTo, metadata, attachments);
    try {
      const { id } = this.#endpoint.sendWithReceipt(this.#selectorOf(peer), message, options);
      this.#attachedSize = attachedBytes(attachments);
      return id;
    } catch (error) {
      const outcome = outcomeOf(error);
      // One that has left is not met again.
      if (outcome === gone) this.#selectors.delete(peer);
      return outcome;
    } finally {
      message.payload.value = undefined;
    }
  }

  postToAll(peers: PeerSet, type: string, format: number, payload: unknown, key?: string): void {
    peers.prepared ??= selectorsOf([...peers.ids]);
    const message = this.#message(type, format, payload);
    // A slow subscriber must hold up neither the server nor the others.
    const options: SendOptions =
      key === undefined ? { whenFull: 'drop' } : { whenFull: 'drop', key };
    try {
      for (const selector of peers.prepared as readonly Selector[]) {
        this.#endpoint.send(selector, message, options);
      }
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error;
    } finally {
      message.payload.value = undefined;
    }
  }

  async whenRoom(peer: number): Promise<void> {
    const format = formatOf(answerKind.nothing, codecNumber.messagePack);
    try {
      const message = this.#message(answerType.id, format, undefined);
      await this.#endpoint.sendWhenReady(this.#selectorOf(peer), message);
    } catch {
      // Gone, or closed: the next post finds out.
    }
  }

  describe(peer: number): PortPeer | undefined {
    return this.#endpoint.peers.find(({ id }) => id === peer);
  }

  async retire({ name, label }: Members, timeout: number): Promise<void> {
    const others = this.#label.filter((each) => each !== label);
    // Another major version may be served under the same name.
    const named = others.some((each) => each.startsWith(`${name}/`));
    this.#label = named ? others : others.filter((each) => each !== name);
    try {
      await this.#endpoint.relabel(this.#label, { timeout });
    } catch {
      // Calls that still come are answered with `busy`, and go elsewhere.
    }
  }

  async close(linger: number): Promise<void> {
    try {
      await this.#endpoint.close({ linger });
    } catch {
      // Messages to members that do not take them; they were told by `linger`.
    }
  }

  setReferenced(wanted: boolean): void {
    if (this.#endpoint.closed) return;
    if (wanted) this.#endpoint.ref();
    else this.#endpoint.unref();
  }

  #cut(peer: number): void {
    this.#cutOff.add(peer);
    this.forgetCandidates();
    this.#events?.gone(peer);
  }

  /** A message as a frame. */
  frameOf(message: Received<RawBox>): BusFrame {
    return new BusFrame(message);
  }

  #ended(peer: number): void {
    this.#selectors.delete(peer);
    this.#cutOff.delete(peer);
    this.#events?.gone(peer);
    this.#events?.membersChanged();
  }

  #message(type: string, format: number, payload: unknown): OutgoingMessage<string, Slot> {
    this.#codec.encoding = codecOf(format);
    let ofType = this.#outgoing.get(type);
    if (ofType === undefined) {
      ofType = new Map();
      this.#outgoing.set(type, ofType);
    }
    let message = ofType.get(format);
    if (message === undefined) {
      const { frame } = messageBox({ frame: messageType<Slot>(type, { codec: this.#codec }) });
      message = frame({ value: undefined }, { format });
      ofType.set(format, message);
    }
    message.payload.value = payload;
    return message;
  }

  #selectorOf(peer: number): Selector {
    let selector = this.#selectors.get(peer);
    if (selector === undefined) {
      selector = unicast({ id: peer });
      this.#selectors.set(peer, selector);
    }
    return selector;
  }

  #targetOf(key: unknown, text: string | undefined, make: () => LabelExpression): EndpointTarget {
    const known = this.#targets.get(key);
    if (known !== undefined) return known;
    const target = { text: text ?? 'anyone', selector: unicast(make()) };
    if (this.#targets.size >= maxTargets) this.#targets.clear();
    this.#targets.set(key, target);
    return target;
  }
}

function labelled(name: string | undefined, also?: LabelExpression): LabelExpression {
  if (name === undefined) return also ?? parseLabelExpression('true');
  return also === undefined ? labelNamed(name) : labelNamed(name).and(also);
}

function optionsOf(
  replyTo: number,
  metadata: Uint8Array | undefined,
  attachments: Attachments | undefined,
): SendOptions | undefined {
  // Each option is looked at by the endpoint; most frames have one or none.
  if (attachments === undefined) {
    if (metadata === undefined) return replyTo === 0 ? undefined : { replyTo };
    return replyTo === 0 ? { metadata } : { replyTo, metadata };
  }
  return {
    replyTo: replyTo === 0 ? undefined : replyTo,
    metadata,
    objects: attachments.objects as readonly KernelObject[] | undefined,
    regions: attachments.regions as readonly MemoryRegion[] | undefined,
  };
}

function outcomeOf(error: unknown): number {
  if (error instanceof QueueFullError) return full;
  if (error instanceof NoRecipientError || error instanceof PeerGoneError) return gone;
  if (error instanceof ClosedError) return gone;
  throw error;
}

function selectorsOf(peers: readonly number[]): readonly Selector[] {
  const selectors: Selector[] = [];
  for (let at = 0; at < peers.length; at += peersInSelector) {
    const ids = peers.slice(at, at + peersInSelector);
    selectors.push(multicast(ids.map((id) => `#${id}`).join(' | ')));
  }
  return selectors;
}
