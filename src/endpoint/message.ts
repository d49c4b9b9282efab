// One received message, as the user holds it. Owns its payload; knows its endpoint only to reply.

import type { MemoryRegion } from '../memory/memory-region.js';
import type {
  MessageBox,
  Outgoing,
  Peer,
  ReceivedMessage,
  ReplyOptions,
} from '../messages/index.js';
import type { KernelObject } from '../objects/index.js';

/** Sends a reply to `to` as an answer to message `replyTo`. */
export type Replier = (
  to: Peer,
  replyTo: number,
  message: unknown,
  options: ReplyOptions | undefined,
) => number;

/** Where the message lies in its link, for the sender that waits until it is handled. */
export interface HandledMark {
  readonly slot: number;
  readonly position: number;
}

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
  readonly #mark: HandledMark | undefined;

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
    mark: HandledMark | undefined,
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
    this.#mark = mark;
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

  /** What to tell the sender once the message is handled; `undefined` where it does not wait for that. */
  static markOf(message: Message): HandledMark | undefined {
    return message.#mark;
  }
}
