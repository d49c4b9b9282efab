// The types of messages as the compiler sees them: which messages a box can make, and what arrives as a
// union that narrows by `message.type`. Types only; the values are in message-box.ts.
import type { MemoryRegion, RegionRange } from '../memory/memory-region.js';
import type { KernelObject } from '../objects/index.js';
import type { BoxTable, boxTable } from './box-table.js';
import type { AnyMessageType, MessageType } from './message-type.js';
import type { OutgoingMessage } from './outgoing-message.js';

/** Another endpoint of the bus, as the directory describes it. */
export interface Peer {
  /** Unique on this bus; not given to another endpoint while anyone remembers it. */
  readonly id: number;
  /** Its process id, as the kernel knows it. */
  readonly pid: number;
  readonly label: readonly string[];
}

/** What a message box is made of. */
export type MessageTypes = Readonly<Record<string, AnyMessageType>>;

/** Any message box. */
export interface MessageBox<T extends MessageTypes = MessageTypes> {
  /** @internal */
  readonly [boxTable]: BoxTable & { readonly types?: T };
}

/** The box of an endpoint that joined without one: any plain value is a message. */
export interface PlainBox extends MessageBox<{ readonly plain: MessageType<unknown> }> {
  /** Never there; tells the compiler that this is the one. */
  readonly plain?: never;
}

/** A message box with a factory for each of its types. */
export type TypedMessageBox<T extends MessageTypes> = MessageBox<T> & {
  readonly [K in keyof T & string]: MessageFactory<K, SentBy<T[K]>>;
};

/** Makes a message to send. Where the payload may be `undefined`, it may be left out. */
export type MessageFactory<Key extends string, Payload> = (
  ...payloadAndOptions: undefined extends Payload
    ? [payload?: Payload, options?: OutgoingOptions]
    : [payload: Payload, options?: OutgoingOptions]
) => OutgoingMessage<Key, Payload>;

/** Options of a box's factories. */
export interface OutgoingOptions {
  /** A word of 16 bits that travels with the payload; with `bytes` it says what they are. Default: 0. */
  readonly format?: number;
}

/** What can be sent as a message of this type. */
export type SentBy<T extends AnyMessageType> =
  T extends MessageType<infer _, infer In> ? In : never;

/** What is received as a message of this type. */
export type ReceivedBy<T extends AnyMessageType> =
  T extends MessageType<infer Out, never> ? Out : never;

/** The types of a box by their keys. */
export type TypesOf<B extends MessageBox> = B extends MessageBox<infer T> ? T : never;

/** What an endpoint with this box can send: messages that the box made, or anything where there is no box. */
export type Outgoing<B extends MessageBox> = B extends PlainBox
  ? unknown
  : {
      [K in keyof TypesOf<B> & string]: OutgoingMessage<K, SentBy<TypesOf<B>[K]>>;
    }[keyof TypesOf<B> & string];

/** What an endpoint with this box receives: a union that `switch (message.type)` narrows. */
export type Received<B extends MessageBox> = {
  [K in keyof TypesOf<B> & string]: ReceivedMessage<K, ReceivedBy<TypesOf<B>[K]>, B>;
}[keyof TypesOf<B> & string];

/** Options of `message.reply()`. */
export interface ReplyOptions {
  /** Milliseconds the reply may wait for its receiver to be there again. Default: 0. */
  readonly ttl?: number | undefined;
  /** Kernel objects that go with the reply, at most 253; they stay the sender's. */
  readonly objects?: readonly KernelObject[] | undefined;
  /** Memory regions, or parts of some, that go with the reply, at most 64; they stay the sender's. */
  readonly regions?: readonly (MemoryRegion | RegionRange)[] | undefined;
}

/** A message that arrived. The payload is the receiver's own: it may be kept and changed. */
export interface ReceivedMessage<Key extends string, Payload, B extends MessageBox>
  extends Disposable {
  /** The key of the message's type in the receiver's box; `'plain'` without a box. */
  readonly type: Key;
  readonly payload: Payload;
  /** Who sent it, as the directory described it then. It may have left in the meantime. */
  readonly from: Peer;
  /** The sender's number of this message, unique among all it sends. */
  readonly id: number;
  /** The 16-bit format word, 0 where the sender gave none. */
  readonly format: number;
  /** The `id` of the message that this one answers. */
  readonly replyTo: number | undefined;
  /**
   * The kernel objects that came with it, in the sender's order, each with a descriptor of this process's own. They
   * belong to the message: what is neither taken nor kept is closed when its consumer is done with the message; see
   * {@link keep}.
   */
  readonly objects: readonly KernelObject[];
  /**
   * The memory regions that came with it, in the sender's order, each a reference of its own to memory that nobody has
   * copied. They belong to the message, too, and are released with it; see {@link keep}. To keep one alone, take a
   * `duplicate()`.
   */
  readonly regions: readonly MemoryRegion[];
  /**
   * Makes the kernel objects and memory regions of this message the program's own, to close and to release. Without it
   * they are closed and released when their consumer is done with the message: when it asks for the next one (`recv`,
   * `for await`), or when the listeners have returned and the promises that they returned have settled. Returns the
   * message.
   */
  keep(): this;
  /**
   * Tells a sender that waits for it that this message is handled. Asking for the next message does so, too, and so does
   * a listener that returns, or whose promise is fulfilled. For a consumer that leaves its loop with this message, closes
   * the endpoint, or calls `recv` several times at once. Later calls do nothing.
   */
  acknowledge(): void;
  /**
   * Closes the kernel objects that were not taken and releases the memory regions, also if they were
   * kept. Without any it does nothing; the payload stays as it is.
   */
  close(): void;
  /**
   * Sends a message to the sender of this one and to nobody else. Returns how many took charge of it.
   * @throws NoRecipientError if the sender has left.
   */
  reply(message: Outgoing<B>, options?: ReplyOptions): number;
}
