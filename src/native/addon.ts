// The one file that loads and describes the native addon. Everything native is numbers, bytes and flat objects:
// checks and meaning are on this side of it, lengths and UUIDs are checked again on the other.
import module from 'node:module';
import { addonFile } from './binary.js';

/** What openEndpoint() is told; all of it checked already. */
export interface EndpointConfig {
  readonly identifier: string;
  readonly token: string;
  readonly label: readonly string[];
  readonly controllerAffinity: boolean;
  readonly ringBytes: number;
  readonly queueBytes: number;
  readonly totalQueueBytes: number;
  readonly maxQueuedObjects: number;
  readonly maxParked: number;
  readonly maxLinks: number;
  readonly maxEndpoints: number;
  readonly maxEndpointsPerProcess: number;
  /** A number of {@link whenFullPolicies}. */
  readonly whenFull: number;
  readonly maxMessageBytes: number;
  readonly drainBudgetUs: number;
  readonly spinUs: number;
  /** Whether the event loop is libuv's. */
  readonly hostHasLibuv: boolean;
  readonly lingerMs: number;
  readonly joinTimeoutMs: number;
}

declare const handleBrand: unique symbol;

/** A kernel object that native code owns; closed when it is collected. */
export interface NativeHandle {
  readonly [handleBrand]: never;
}

/** A member of the bus as the directory lists it. */
export interface NativeMember {
  readonly id: number;
  readonly pid: number;
  readonly label: readonly string[];
}

/** What the operating system had to do with a failure, as far as it is known. */
export interface FailureFacts {
  readonly osCode?: number;
  /** The call that failed. */
  readonly syscall?: string;
  readonly path?: string;
  /** What its reader can do about it. */
  readonly advice?: string;
}

/** What a control thread has to tell; the mirror of native/core/notice.h. `status` is a number of the error list. */
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
    }
  | {
      readonly kind: 'delivered';
      readonly delivery: number;
      readonly delivered: number;
      readonly failures: readonly { readonly peerId: number; readonly reason: number }[];
    }
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
    }
  | {
      readonly kind: 'violation';
      readonly peerId: number;
      readonly pid: number;
      readonly status: number;
    }
  | { readonly kind: 'linkClosed'; readonly slot: number }
  | { readonly kind: 'outOfMemory'; readonly bytes: number }
  | { readonly kind: 'closed'; readonly abandoned: number };

/** Columns of the table of received messages, in 32-bit words; the mirror of native/node/receive_table.h. */
export const column = {
  offset: 0,
  bytes: 1,
  slot: 2,
  type: 3,
  /** Format in the low half, flags in the high one. */
  formatAndFlags: 4,
  /** Two words, the low one first; so are replyTo and position. */
  id: 5,
  replyTo: 7,
  originOffset: 9,
  position: 10,
  /** Sixteen bytes. */
  typeUuid: 12,
} as const;

/** Words of one row of the table. */
export const rowWords = 16;
/** In `type`: the sender's type is not one of those given to setTypes(). In `originOffset`: there is none. */
export const none = 0xffff_ffff;
/** In the flags: the sender waits until this message is handled. */
export const wantsHandled = 2;
/** In the flags: the sender waits until this message is taken. */
export const wantsTaken = 8;
/** In the flags: the message has memory regions, for takeRegions(). */
export const hasRegions = 1 << 12;
/** In the flags: it had some, and there was no room for them in this process when they came. */
export const regionsLost = 1 << 13;
/** In the flags: the message has kernel objects, for takeObjects(). */
export const hasObjects = 1 << 14;
/** In the flags: it had some, and this process was at its descriptor limit when they came. */
export const objectsLost = 1 << 15;
/** Kernel objects that one message can carry. */
export const maxObjects = 253;
/** Memory regions that one message can carry. */
export const maxRegions = 64;

declare const regionBrand: unique symbol;
declare const pinBrand: unique symbol;

/** A counted reference to a memory region; given up when it is collected. */
export interface NativeRegion {
  readonly [regionBrand]: never;
}

/** A memory region that stays mapped whether anybody holds it or not. */
export interface NativePin {
  readonly [pinBrand]: never;
}

/** Region references, five values each: handle, id, offset in the region, bytes, whether writes reach the others. */
export type NativeRegionFields = readonly (NativeRegion | number | boolean)[];
/** Values of one reference in {@link NativeRegionFields}. */
export const regionFields = 5;
/** Regions to send, three values each: handle, offset in its part, bytes. */
export type NativeRegionRanges = readonly (NativeRegion | number)[];

/** How a send is acknowledged. */
export const acknowledgement = { none: 0, taken: 1, handled: 2 } as const;

/** What becomes of a message for a receiver that is full; the place is the native number. */
export const whenFullPolicies = ['throw', 'drop', 'disconnect'] as const;

/** Bytes of a key, at most. */
export const maxKeyBytes = 128;

/** What the last send() was about that failed, or that asked for an acknowledgement. */
export interface SendOutcome extends FailureFacts {
  readonly delivery: number;
  readonly peerId: number;
}

/** One endpoint. Numbers below zero are negated numbers of the error list. */
export interface NativeEndpoint {
  /** Payloads of the batch in hand; reused for the next one. */
  readonly slab: ArrayBuffer;
  /** Rows of the batch in hand. */
  readonly table: Uint32Array;
  start(): number;
  close(lingerMs: number): void;
  /** For the end of the thread: begins, and closeNow() waits until it is done, within the linger time. */
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
    /** The type's index in the low half, the format in the high one. */
    typeAndFormat: number,
    source: Uint8Array,
    start?: number,
    end?: number,
    ttlMs?: number,
    replyTo?: number,
    acknowledge?: number,
    objects?: readonly NativeHandle[],
    regions?: NativeRegionRanges,
    /** A number of {@link whenFullPolicies}. */
    whenFull?: number,
    key?: string,
  ): number;
  flush(): void;
  lastOutcome(): SendOutcome;
  forgetDelivery(delivery: number): void;
  /** Asks for one 'drained' notice. */
  askDrained(): void;
  matches(route: number): number[];
  reportUndelivered(wanted: boolean): void;
  /** How many more messages are wanted; 0 leaves them in their rings. */
  setCredit(messages: number): void;
  /** The kernel objects of a row of the batch in hand; native code closes those that nobody takes. */
  takeObjects(row: number): NativeHandle[];
  /** The memory regions of a row of the batch in hand; native code lets go of those that nobody takes. */
  takeRegions(row: number): NativeRegionFields;
  /** The program has all rows that it was given but the last `waiting`. */
  taken(waiting: number): void;
  /** The same, and it takes no more: those that wait go back to their senders. Before close(). */
  handBack(waiting: number): void;
  /**
   * The message that ends at `position` of a link is handled (0), or never will be, and why: a number of the error
   * list. Also of one whose sender waits only until it is taken, before that is said.
   */
  settle(slot: number, position: number, status: number): void;
  peer(slot: number): NativeMember | undefined;
  forgetPeer(slot: number): void;
  members(): NativeMember[];
  watchMembers(wanted: boolean): NativeMember[];
  isController(): boolean;
  controllerId(): number;
  generation(): number;
  counters(): NativeCounters;
}

/** Counters since the endpoint joined; the mirror of EndpointCounters. */
export interface NativeCounters {
  readonly sentMessages: number;
  readonly sentBytes: number;
  readonly rerouted: number;
  readonly undelivered: number;
  readonly expired: number;
  readonly queueFull: number;
  readonly dropped: number;
  readonly superseded: number;
  readonly disconnected: number;
  readonly receivedMessages: number;
  readonly receivedBytes: number;
  readonly outboundLinks: number;
  readonly inboundLinks: number;
  readonly parked: number;
}

/**
 * Called with `count` rows to read, or one whose payload is `large`. Returns how many rows, the last ones, the program has
 * not got yet; see {@link NativeEndpoint.taken}.
 */
export type OnMessages = (count: number, large: Uint8Array | undefined) => number;
/** Called with everything that the control thread had to tell, in order. */
export type OnNotices = (notices: readonly Notice[]) => void;

interface Addon {
  readonly errorList: readonly (readonly [number: number, name: string, text: string])[];
  openEndpoint(
    config: EndpointConfig,
    onMessages: OnMessages,
    onNotices: OnNotices,
  ): NativeEndpoint | number;
  /** About the last call on this thread that gave a negated number of the error list. */
  lastFailure(): FailureFacts;
  /** Owns `fd` from now on. */
  adoptDescriptor(fd: number): NativeHandle | number;
  duplicateDescriptor(fd: number): NativeHandle | number;
  duplicateHandle(handle: NativeHandle): NativeHandle | number;
  /** Neither closed nor taken. */
  isOpen(handle: NativeHandle): boolean;
  /** -1 when it was closed or taken, or none is to be had. */
  descriptorOf(handle: NativeHandle): number;
  takeDescriptor(handle: NativeHandle): number;
  closeHandle(handle: NativeHandle): void;
  /** What it is known by a number of: as busbar.h has it. */
  kindOf(handle: NativeHandle): number;
  /** That number; -1 of an object that has none, or was closed or taken. */
  numberOf(handle: NativeHandle): number;
  /** The same of one that is no descriptor, the caller's from now on; -1 when that cannot be. */
  takeNumber(handle: NativeHandle): number;
  /** A second right to send to the Mach port; `name` stays the caller's. */
  duplicateMachPort(name: number): NativeHandle | number;
  /** A second handle on the TCP socket of this event loop that has these addresses; `remote` is empty of one that listens. */
  duplicateSocket(
    local: string,
    localPort: number,
    remote: string,
    remotePort: number,
  ): NativeHandle | number;
  /** A region of this process, with one reference to all of it; `touched`: its pages are taken from the system at once. */
  createRegion(bytes: number, readOnly: boolean, touched: boolean): NativeRegionFields | number;
  duplicateRegion(region: NativeRegion): NativeRegionFields | number;
  releaseRegion(region: NativeRegion): void;
  /** References of all processes and those under way; 0 once this one is released. */
  regionReferences(region: NativeRegion): number;
  /** The one ArrayBuffer over the whole region; emptied when this thread's last reference goes that asked for it. */
  regionBuffer(region: NativeRegion): ArrayBuffer | number;
  readRegion(region: NativeRegion, offset: number, target: Uint8Array): number;
  writeRegion(region: NativeRegion, offset: number, source: Uint8Array): number;
  pinRegion(region: NativeRegion): NativePin | number;
  /** Not pinned any more; the pin is of no use from then on. */
  unpin(pin: NativePin): void;
  /** Whether nobody holds it; `purge`: nor anybody who died with it. */
  pinIsFree(pin: NativePin, purge: boolean): boolean | number;
  /** A new reference to all of it. */
  holdPin(pin: NativePin): NativeRegionFields | number;
  /** A number that the listener is called with, once, when nobody holds the region. */
  watchPin(pin: NativePin): number;
  unwatchPin(watch: number): void;
  /** Once a thread. Does not keep it alive. */
  listenToRegions(listener: (watch: number) => void): number;
  evaluateSelector(program: Uint8Array, id: number, label: readonly string[]): boolean | number;
}

const file = addonFile();

/** The addon of this platform: a prebuilt one, or the one a clone has built. */
export const addon: Addon = module.createRequire(file)(file);
