// One received message, as the user has it. It owns its payload and uses its endpoint only to
// reply.

import type { MemoryRegion } from '../memory/memory-region.js';
import type {
  MessageBox,
  Outgoing,
  Peer,
  ReceivedMessage,
  ReplyOptions,
} from '../messages/index.js';
import type { KernelObject } from '../objects/index.js';
import type { MessageEnd } from './message-end.js';

/** Sends `message` to `peer` as a reply to message `replyTo`. */
export type Replier = (
  peer: Peer,
  replyTo: number,
  message: unknown,
  options: ReplyOptions | undefined,
) => number;

/** The fields that the user sees; see {@link ReceivedMessage}. */
export type MessageFields = Pick<
  Message,
  'type' | 'payload' | 'from' | 'id' | 'format' | 'replyTo' | 'metadata' | 'objects' | 'regions'
>;

/** The endpoint's own notes about a message. */
export interface Bookkeeping {
  readonly replier: Replier;
  /** `undefined` if nothing is left to do after the consumer. */
  readonly end: MessageEnd | undefined;
  /** Its number among the rows that this endpoint received; see {@link Inbox}. */
  readonly row: number;
  /** Whether taking the message must be reported at once. */
  readonly awaited: boolean;
}

/** A received message; see {@link ReceivedMessage} for its fields. */
export class Message implements ReceivedMessage<string, unknown, MessageBox> {
  readonly type: string;
  readonly payload: unknown;
  readonly from: Peer;
  readonly id: number;
  readonly format: number;
  readonly replyTo: number | undefined;
  readonly metadata: Uint8Array | undefined;
  readonly objects: readonly KernelObject[];
  readonly regions: readonly MemoryRegion[];
  readonly #replier: Replier;
  readonly #end: MessageEnd | undefined;
  readonly #row: number;
  readonly #awaited: boolean;

  constructor(fields: MessageFields, bookkeeping: Bookkeeping) {
    this.type = fields.type;
    this.payload = fields.payload;
    this.from = fields.from;
    this.id = fields.id;
    this.format = fields.format;
    this.replyTo = fields.replyTo;
    this.metadata = fields.metadata;
    this.objects = fields.objects;
    this.regions = fields.regions;
    this.#replier = bookkeeping.replier;
    this.#end = bookkeeping.end;
    this.#row = bookkeeping.row;
    this.#awaited = bookkeeping.awaited;
  }

  reply(message: Outgoing<MessageBox>, options?: ReplyOptions): number {
    return this.#replier(this.from, this.id, message, options);
  }

  close(): void {
    for (const object of this.objects) object.close();
    for (const region of this.regions) region.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  acknowledge(): void {
    this.#end?.acknowledge();
  }

  keep(): this {
    this.#end?.keep();
    return this;
  }

  /** The work left once the consumer is done with the message; `undefined` for none. */
  static endOf(message: Message): MessageEnd | undefined {
    return message.#end;
  }

  /** Its number among the rows given to this endpoint; see {@link Inbox}. */
  static rowOf(message: Message): number {
    return message.#row;
  }

  /** Whether taking the message must be reported at once. */
  static isAwaited(message: Message): boolean {
    return message.#awaited;
  }
}
