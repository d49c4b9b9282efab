// The only file that loads and describes the native addon. Its interface is numbers, bytes and flat
// objects: the TypeScript side checks and interprets values, the native side checks lengths and
// UUIDs again.
import module from 'node:module';
import type { OptionNumbers } from '../option-list.js';
import { addonFile } from './binary.js';

/** The arguments of openEndpoint(), already checked. */
export interface EndpointConfig extends OptionNumbers {
  readonly identifier: string;
  readonly token: string;
  readonly label: readonly string[];
  readonly controllerAffinity: boolean;
  readonly observable: boolean;
  /** Of an observer: a compiled label expression, the UUIDs of types one after the other. */
  readonly observe?: {
    readonly match: Uint8Array;
    readonly types: Uint8Array;
    readonly payloadBytes: number;
  };
  /** A number of {@link whenFullPolicies}. */
  readonly whenFull: number;
  /** Whether the event loop is libuv's. */
  readonly hostHasLibuv: boolean;
  /** Whether payloads may lie in memory that V8 has not allocated. */
  readonly externalBuffers: boolean;
}

declare const handleBrand: unique symbol;

/** A kernel object that native code owns; closed when this handle is garbage-collected. */
export interface NativeHandle {
  readonly [handleBrand]: never;
}

/** A member of the bus as the directory lists it. */
export interface NativeMember {
  readonly id: number;
  readonly pid: number;
  readonly label: readonly string[];
}

/** The operating system's part in a failure, as far as it is known. */
export interface FailureFacts {
  readonly osCode?: number;
  /** The call that failed. */
  readonly syscall?: string;
  readonly path?: string;
  /** Advice for the reader of the error. */
  readonly advice?: string;
}

/**
 * A report of a control thread; the mirror of native/core/endpoint/notice.h. `status` is a number
 * of the error list.
 */
export type Notice =
  | { readonly kind: 'joined'; readonly id: number }
  | ({ readonly kind: 'refused'; readonly status: number } & FailureFacts)
  | {
      readonly kind: 'controller';
      readonly generation: number;
      readonly controllerId: number;
      readonly self: boolean;
      readonly gapMs: number;
    }
  | {
      readonly kind: 'peers';
      readonly joined: readonly NativeMember[];
      readonly left: readonly NativeMember[];
      readonly relabelled: readonly {
        readonly peer: NativeMember;
        readonly formerLabel: readonly string[];
      }[];
    }
  | {
      readonly kind: 'delivered';
      readonly delivery: number;
      readonly delivered: number;
      readonly failures: readonly { readonly peerId: number; readonly reason: number }[];
    }
  | { readonly kind: 'relabelled'; readonly revision: number }
  /** The senders of these links have other labels: `peer(slot)` returns them. */
  | { readonly kind: 'senders'; readonly slots: readonly number[] }
  | { readonly kind: 'drained' }
  | { readonly kind: 'room'; readonly peerId: number }
  | {
      readonly kind: 'dropped' | 'disconnected';
      readonly peerId: number;
      readonly messages: number;
    }
  | {
      readonly kind: 'undelivered';
      readonly peerId: number;
      readonly reason: number;
      readonly type: Uint8Array;
      readonly format: number;
      readonly messageId: number;
      readonly payload: Uint8Array;
      /** Empty for none. */
      readonly metadata: Uint8Array;
    }
  | {
      readonly kind: 'violation';
      readonly peerId: number;
      readonly pid: number;
      readonly status: number;
    }
  | { readonly kind: 'linkClosed'; readonly slot: number }
  /** The peer has left, and the batches given so far have all that it had sent. */
  | { readonly kind: 'ended'; readonly peerId: number }
  | { readonly kind: 'outOfMemory'; readonly bytes: number }
  | { readonly kind: 'closed'; readonly abandoned: number };

declare const regionBrand: unique symbol;
declare const registryBrand: unique symbol;

/** A counted reference to a memory region; released when it is garbage-collected. */
export interface NativeRegion {
  readonly [regionBrand]: never;
}

/** The regions of a registry; given back to the system when this is garbage-collected. */
export interface NativeRegistry {
  readonly [registryBrand]: never;
}

/**
 * Region references, five values each: handle, id, offset in the region, bytes, whether other
 * holders see writes.
 */
export type NativeRegionFields = readonly (NativeRegion | number | boolean)[];
/** Values per reference in {@link NativeRegionFields}. */
export const regionFields = 5;
/** Regions to send, three values each: handle, offset in the handle's part, bytes. */
export type NativeRegionRanges = readonly (NativeRegion | number)[];

/** How a send is acknowledged. */
export const acknowledgement = { none: 0, taken: 1, handled: 2 } as const;

/** The policies for a message to a full receiver; the index is the native number. */
export const whenFullPolicies = ['refuse', 'drop', 'disconnect'] as const;

/** Why the last send() that failed did. */
export interface SendFailure extends FailureFacts {
  /** The receiver that the failure is about; 0 for none in particular. */
  readonly peerId: number;
}

/**
 * Places in {@link NativeEndpoint.receipt}, numbers of the last send() that did not fail; the
 * mirror of native/node/receipt.h.
 */
export const receipt = {
  /** The message's id; 0 if nobody gets it and it does not wait. */
  id: 0,
  /** Of a unicast that did not have to wait, its receiver; else 0. */
  peerId: 1,
  /** For a `delivered` notice; 0 if none will come. */
  delivery: 2,
} as const;

/** One endpoint. A negative result is a negated number of the error list. */
export interface NativeEndpoint {
  /** Rows of the current batch, and behind them {@link keptWord}. */
  readonly table: Uint32Array;
  /** See {@link receipt}. */
  readonly receipt: Float64Array;
  start(): number;
  close(lingerMs: number): void;
  /**
   * At the end of the thread: begins to close; closeNow() then waits until it is done, up to the
   * linger time.
   */
  beginClose(): void;
  closeNow(): void;
  detach(): void;
  ref(): void;
  unref(): void;
  setTypes(uuids: Uint8Array): void;
  addRoute(program: Uint8Array, unicast: boolean, excludeSelf: boolean): number;
  releaseRoute(route: number): void;
  send(
    route: number,
    /** The type's index in the low half, the format in the high half. */
    typeAndFormat: number,
    source: Uint8Array,
    start?: number,
    end?: number,
    ttlMs?: number,
    replyTo?: number,
    acknowledge?: number,
    /** Copied during the call. */
    metadata?: Uint8Array,
    objects?: readonly NativeHandle[],
    regions?: NativeRegionRanges,
    /** A number of {@link whenFullPolicies}. */
    whenFull?: number,
    key?: string,
  ): number;
  flush(): void;
  lastSendFailure(): SendFailure;
  forgetDelivery(delivery: number): void;
  /** Asks for one 'drained' notice. */
  askDrained(): void;
  matches(route: number): NativeMember[];
  /**
   * The endpoint has another label from now on. Returns the label's revision, which grows with each
   * call; a 'relabelled' notice with it, or with a later one, follows once every member sees it.
   */
  relabel(label: readonly string[]): number;
  reportUndelivered(wanted: boolean): void;
  /** How many more messages JavaScript wants; 0 leaves them in their rings. */
  setCredit(messages: number): void;
  /** The kernel objects of a row of the current batch; native code closes those not taken. */
  takeObjects(row: number): NativeHandle[];
  /** The memory regions of a row of the current batch; native code releases those not taken. */
  takeRegions(row: number): NativeRegionFields;
  /** Reports that the program has all rows given to it except the last `waiting`. */
  taken(waiting: number): void;
  /**
   * The same, before close(): the program takes no more, and the waiting messages go back to their
   * senders.
   */
  handBack(waiting: number): void;
  /**
   * The message that ends at `position` of a link was handled (`status` 0), or will not be:
   * `status` is the number in the error list. Also called for a message whose sender waits only
   * until it is taken, before taken() reports it.
   */
  settle(slot: number, position: number, status: number): void;
  /** Gives memory of received payloads back that nobody uses, until more come. */
  rest(): void;
  peer(slot: number): NativeMember | undefined;
  /** Also detaches the buffer of {@link openSeenWord}. */
  forgetPeer(slot: number): void;
  /**
   * The word of an inbound link in which to note what the program gets: the low half of a message's
   * position, before it gets the message. `undefined`: call {@link markSeen}. Once for each link.
   */
  openSeenWord(slot: number): ArrayBuffer | undefined;
  markSeen(slot: number, position: number): void;
  /** All members except observers, this endpoint included; `undefined` if it is the last list. */
  changedMembers(): NativeMember[] | undefined;
  observers(): NativeMember[];
  /** Milliseconds of the clock that observations have; one for all processes of a machine. */
  clock(): number;
  reportMembers(wanted: boolean): void;
  isController(): boolean;
  controllerId(): number;
  generation(): number;
  counters(): NativeCounters;
}

/** Counters since the endpoint joined; the mirror of EndpointCounters. */
export interface NativeCounters {
  /** Messages sent, counted once per receiver. */
  readonly sentMessages: number;
  /** Bytes of their payloads. */
  readonly sentBytes: number;
  /** Messages that went to another endpoint because their receiver had left or died. */
  readonly rerouted: number;
  /** Messages that no endpoint took or will take. */
  readonly undelivered: number;
  /** Messages whose `ttl` ended before an endpoint matched. */
  readonly expired: number;
  /** Sends refused because a queue was full. */
  readonly queueFull: number;
  /** Messages that a slow receiver did not get, by `whenFull: 'drop'`. */
  readonly dropped: number;
  /** Messages replaced by a newer one with the same `key`. */
  readonly superseded: number;
  /** Receivers dropped by `whenFull: 'disconnect'`. */
  readonly disconnected: number;
  /** Messages received. */
  readonly receivedMessages: number;
  /** Bytes of their payloads. */
  readonly receivedBytes: number;
  /** Links to other endpoints at present. */
  readonly outboundLinks: number;
  /** Links from other endpoints at present. */
  readonly inboundLinks: number;
  /** Messages that wait for a matching endpoint at present, those of others included. */
  readonly parked: number;
}

/**
 * Called with `count` rows to read, or one row whose payload is `large`. `block` is where this and
 * the following batches lie, if it is another one than before; see {@link keptWord}. Returns how
 * many rows, at the end, the program has not got yet; see {@link NativeEndpoint.taken}.
 */
export type OnMessages = (
  count: number,
  large: Uint8Array | undefined,
  block: ArrayBuffer | undefined,
) => number;
/** Called with everything that the control thread reports, in order. */
export type OnNotices = (notices: readonly Notice[]) => void;

interface Addon {
  readonly errorList: readonly (readonly [number: number, name: string, text: string])[];
  /** The list that option-list.ts mirrors; `cName` is null for an option that C has not. */
  readonly optionList: readonly (readonly [
    name: string,
    cName: string | null,
    unit: string,
    byDefault: number,
    least: number,
    most: number,
  ])[];
  /** The list that limits.ts mirrors. */
  readonly limits: Readonly<Record<string, number>>;
  openEndpoint(
    config: EndpointConfig,
    onMessages: OnMessages,
    onNotices: OnNotices,
  ): NativeEndpoint | number;
  /** The cause of the last call on this thread that returned a negated number of the error list. */
  lastFailure(): FailureFacts;
  /** Takes ownership of `fd`. */
  adoptDescriptor(fd: number): NativeHandle | number;
  duplicateDescriptor(fd: number): NativeHandle | number;
  duplicateHandle(handle: NativeHandle): NativeHandle | number;
  /** Whether it was neither closed nor taken. */
  isOpen(handle: NativeHandle): boolean;
  /** The descriptor; -1 if it was closed or taken, or the object has none. */
  descriptorOf(handle: NativeHandle): number;
  takeDescriptor(handle: NativeHandle): number;
  closeHandle(handle: NativeHandle): void;
  /** The kind of number that identifies the object, as listed in busbar.h. */
  kindOf(handle: NativeHandle): number;
  /** That number; -1 if the object has none, or was closed or taken. */
  numberOf(handle: NativeHandle): number;
  /** Gives the caller that number of an object that is not a descriptor; -1 if that fails. */
  takeNumber(handle: NativeHandle): number;
  /** A second right to send to the Mach port; `name` stays the caller's. */
  duplicateMachPort(name: number): NativeHandle | number;
  /**
   * A second handle on this event loop's TCP socket with these addresses; a listening socket has no
   * `remote`.
   */
  duplicateSocket(
    local: string,
    localPort: number,
    remote: string,
    remotePort: number,
  ): NativeHandle | number;
  /** A region of this process, with one reference to all of it. */
  createRegion(bytes: number, readOnly: boolean): NativeRegionFields | number;
  duplicateRegion(region: NativeRegion): NativeRegionFields | number;
  releaseRegion(region: NativeRegion): void;
  /** References of all processes and of messages in flight; 0 once this one is released. */
  regionReferences(region: NativeRegion): number;
  /**
   * The one ArrayBuffer over the whole region; detached with this thread's last reference that
   * asked for it.
   */
  regionBuffer(region: NativeRegion): ArrayBuffer | number;
  readRegion(region: NativeRegion, offset: number, target: Uint8Array): number;
  writeRegion(region: NativeRegion, offset: number, source: Uint8Array): number;
  createRegistry(maxBytes: number, idleMs: number, readOnly: boolean): NativeRegistry;
  /**
   * A new reference to a free or a new region of at least `minBytes`. If `number` is not 0, native
   * code reports it once, when no process holds the region any more.
   */
  allocRegion(
    registry: NativeRegistry,
    minBytes: number,
    tag: string,
    number: number,
  ): NativeRegionFields | number;
  /** Gives regions that were unused for `idleMs` back to the system; returns how many. */
  maintainRegistry(registry: NativeRegistry, idleMs: number): number;
  registryStats(
    registry: NativeRegistry,
  ): readonly [regions: number, bytes: number, inUse: number, created: number, reused: number];
  /** Gives all regions back that are free or become free, and reports none of them. */
  clearRegistry(registry: NativeRegistry): void;
  /** The numbers that are to be reported and that the listener was not called with yet. */
  takeFreedRegions(): readonly number[];
  /** Once per thread. The listener does not keep the thread alive. */
  listenToRegions(listener: (number: number) => void): number;
  evaluateSelector(program: Uint8Array, id: number, label: readonly string[]): boolean | number;
}

const file = addonFile();

/** The addon for this platform: prebuilt, or built in this clone. */
export const addon: Addon = module.createRequire(file)(file);
