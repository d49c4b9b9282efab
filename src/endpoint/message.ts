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

/** Sends `message` to `to` as a reply to message `replyTo`. */
export type Replier = (
  to: Peer,
  replyTo: number,
  message: unknown,
  options: ReplyOptions | undefined,
) => number;

/** A received message; see {@link ReceivedMessage} for its fields. */
export class Message implements ReceivedMessage<string, unknown, MessageBox> {
  readonly type: string;
  readonly payload: unknown;
  readonly from: Peer;
  readonly id: number;
  readonly format: number;
  readonly replyTo: number | undefined;
  readonly objects: readonly KernelObject[];
  readonly regions: readonly MemoryRegion[];
  readonly #replier: Replier;
  readonly #end: MessageEnd | undefined;
  readonly #row: number;
  readonly #awaited: boolean;

  constructor(
    type: string,
    payload: unknown,
    from: Peer,
    id: number,
    format: number,
    replyTo: number | undefined,
    objects: readonly KernelObject[],
    regions: readonly MemoryRegion[],
    replier: Replier,
    end: MessageEnd | undefined,
    row: number,
    awaited: boolean,
  ) {
    this.type = type;
    this.payload = payload;
    this.from = from;
    this.id = id;
    this.format = format;
    this.replyTo = replyTo;
    this.objects = objects;
    this.regions = regions;
    this.#replier = replier;
    this.#end = end;
    this.#row = row;
    this.#awaited = awaited;
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

  /** What to do once the consumer is done with the message; `undefined` for nothing. */
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
