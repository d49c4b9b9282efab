// The types of messages as the compiler sees them: the messages that a box can make, and the
// received ones as a union that narrows by `message.type`. Types only; the values are in
// message-box.ts.
import type { MemoryRegion, RegionRange } from '../memory/memory-region.js';
import type { KernelObject } from '../objects/index.js';
import type { BoxTable, boxTable, openMark } from './box-table.js';
import type { AnyMessageType, MessageType } from './message-type.js';
import type { OutgoingMessage } from './outgoing-message.js';

/** Another endpoint of the bus, as the directory describes it. */
export interface Peer {
  /** Unique on this bus; not reused while any member remembers it. */
  readonly id: number;
  /** Its process id, as reported by the kernel. */
  readonly pid: number;
  /** The strings by which selectors find it. */
  readonly label: readonly string[];
}

/** The types of a message box by their keys. */
export type MessageTypes = Readonly<Record<string, AnyMessageType>>;

/** Any message box. */
export interface MessageBox<T extends MessageTypes = MessageTypes> {
  /** @internal */
  readonly [boxTable]: BoxTable & { readonly types?: T };
}

/** The box of an endpoint that joined without one: any plain value is a message. */
export interface PlainBox
  extends MessageBox<{
    /** Any plain value, as MessagePack. */
    readonly plain: MessageType<unknown>;
  }> {
  /** Never present; tells the compiler that this is the plain box. */
  readonly plain?: never;
}

/** A message as the raw box has it: nothing is decoded. */
export interface RawContent {
  /** The UUID of the message's type, in lower case. */
  readonly typeId: string;
  /** The 16-bit format word. */
  readonly format: number;
  /** The payload as it is in the message. */
  readonly bytes: Uint8Array;
}

/** A message to be sent by the raw box; a received {@link RawContent} will do. */
export interface RawInit {
  /** The UUID of the message's type; `id` of a `MessageType`. Any 16 bytes may be one. */
  readonly typeId: string;
  /** The 16-bit format word. Default: 0. */
  readonly format?: number | undefined;
  /** The payload. */
  readonly bytes: Uint8Array;
}

/** The type of `raw`, the box of an endpoint that receives and sends messages of every type. */
export interface RawBox extends MessageBox<Readonly<Record<string, MessageType<RawContent>>>> {
  /**
   * Makes a message of any type.
   * @throws InvalidArgumentError if `typeId` is no UUID or `bytes` is no `Uint8Array`.
   */
  readonly message: (content: RawInit) => OutgoingMessage<string, RawContent>;
}

/** The UUID of a message type as text. */
export type TypeId = `${string}-${string}-${string}-${string}-${string}`;

/**
 * The box of an endpoint that decodes the types of `B` and receives messages of all other types as
 * they are, under their UUIDs; see `openBox`.
 */
export interface OpenBox<B extends MessageBox = MessageBox>
  extends MessageBox<TypesOf<B> & Readonly<Record<TypeId, MessageType<RawContent>>>> {
  /** @internal Tells the compiler that this is an open box. */
  readonly [openMark]: true;
}

/** A message box with a factory for each of its types. */
export type TypedMessageBox<T extends MessageTypes> = MessageBox<T> & {
  readonly [K in keyof T & string]: MessageFactory<K, SentBy<T[K]>>;
};

/** Makes a message to send. A payload that may be `undefined` can be omitted. */
export type MessageFactory<Key extends string, Payload> = (
  ...payloadAndOptions: undefined extends Payload
    ? [payload?: Payload, options?: OutgoingOptions]
    : [payload: Payload, options?: OutgoingOptions]
) => OutgoingMessage<Key, Payload>;

/** Options of a box's factories. */
export interface OutgoingOptions {
  /**
   * A 16-bit word that travels with the payload; with `bytes` it tells what they are. Default: 0.
   */
  readonly format?: number;
}

/** The payload that can be sent with this type. */
export type SentBy<T extends AnyMessageType> =
  T extends MessageType<infer _, infer In> ? In : never;

/** The payload that is received with this type. */
export type ReceivedBy<T extends AnyMessageType> =
  T extends MessageType<infer Out, never> ? Out : never;

/** The types of a box by their keys. */
export type TypesOf<B extends MessageBox> = B extends MessageBox<infer T> ? T : never;

/**
 * The messages that an endpoint with this box can send: those that the box made, any value without
 * a box, or those of any box with the raw one.
 */
export type Outgoing<B extends MessageBox> = B extends PlainBox
  ? unknown
  : B extends
        | RawBox
        | {
            /** The mark of an {@link OpenBox}. */
            readonly [openMark]: true;
          }
    ? OutgoingMessage
    : {
        [K in keyof TypesOf<B> & string]: OutgoingMessage<K, SentBy<TypesOf<B>[K]>>;
      }[keyof TypesOf<B> & string];

/**
 * The messages that an endpoint with this box receives: a union that `switch (message.type)`
 * narrows.
 */
export type Received<B extends MessageBox> = {
  [K in keyof TypesOf<B> & string]: ReceivedMessage<K, ReceivedBy<TypesOf<B>[K]>, B>;
}[keyof TypesOf<B> & string];

/** Options of `message.reply()`. */
export interface ReplyOptions {
  /**
   * The 16-bit format word of the reply, in place of the one given to the box; for a reply of an
   * endpoint without a box, the only way to give one. Default: that of the message.
   */
  readonly format?: number | undefined;
  /** Up to 240 opaque bytes beside the payload; see {@link SendOptions.metadata}. */
  readonly metadata?: Uint8Array | undefined;
  /** Milliseconds that the reply may wait for its receiver to rejoin. Default: 0. */
  readonly ttl?: number | undefined;
  /** Kernel objects to send with the reply, at most 253; they stay the sender's. */
  readonly objects?: readonly KernelObject[] | undefined;
  /**
   * Memory regions, or parts of them, to send with the reply, at most 64; they stay the sender's.
   */
  readonly regions?: readonly (MemoryRegion | RegionRange)[] | undefined;
}

/** A received message. The payload belongs to the receiver, who may keep and change it. */
export interface ReceivedMessage<Key extends string, Payload, B extends MessageBox>
  extends Disposable {
  /**
   * The key of the message's type in the receiver's box; `'plain'` without a box, and the UUID with
   * the raw one.
   */
  readonly type: Key;
  /** Decoded, and validated if its type has a schema. */
  readonly payload: Payload;
  /** The sender, as the directory described it at that time. It may have left since. */
  readonly from: Peer;
  /** The sender's number of this message, unique among all of its messages. */
  readonly id: number;
  /** The 16-bit format word, 0 by default. */
  readonly format: number;
  /** The `id` of the message that this message answers. */
  readonly replyTo: number | undefined;
  /**
   * The opaque bytes that the sender gave beside the payload, 1 to 240; `undefined` if there are
   * none. Nobody has checked what they say. As with a payload of bytes, keeping the array may keep
   * up to 64 KiB alive; `metadata.slice()` has a buffer of its own.
   */
  readonly metadata: Uint8Array | undefined;
  /**
   * The kernel objects sent with the message, in the sender's order; their descriptors are this
   * process's own. They belong to the message: an object that was not taken is closed when the
   * consumer is done with the message, unless the program calls {@link keep}.
   */
  readonly objects: readonly KernelObject[];
  /**
   * The memory regions sent with the message, in the sender's order: references of this process to
   * memory that was not copied. They, too, belong to the message and are released with it, unless
   * the program calls {@link keep}. To keep a single one, take a `duplicate()`.
   */
  readonly regions: readonly MemoryRegion[];
  /**
   * Makes the kernel objects and memory regions of this message the program's own, to close and
   * release. Otherwise they are closed and released when the consumer is done with the message:
   * when it asks for the next one (`recv`, `for await`), or when the listeners have returned and
   * the promises they returned have settled. Returns the message.
   */
  keep(): this;
  /**
   * Reports this message as handled, to a sender that waits for it. So does asking for the next
   * message, or returning from a listener (once its promise is fulfilled). Call it in a consumer
   * that leaves its loop with this message, closes the endpoint, or has several calls of `recv`
   * pending. Repeated calls do nothing.
   */
  acknowledge(): void;
  /**
   * Closes the kernel objects that were not taken and releases the memory regions, even after
   * {@link keep}. Does nothing for a message without any; the payload is not affected.
   */
  close(): void;
  /**
   * Sends a message to the sender of this one only. Returns the number of receivers, as `send`
   * does.
   * @throws NoRecipientError if the sender has left.
   */
  reply(message: Outgoing<B>, options?: ReplyOptions): number;
}
