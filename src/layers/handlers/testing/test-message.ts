// A message on a test bus, as its receiver has it.
import type {
  KernelObject,
  MemoryRegion,
  MessageBox,
  Outgoing,
  Peer,
  ReceivedMessage,
  ReplyOptions,
} from '../../../index.js';

const none: readonly never[] = Object.freeze([]);

/** What a receiver gets, without the means to reply. */
export type TestFields = Pick<
  TestMessage,
  'type' | 'payload' | 'from' | 'id' | 'format' | 'replyTo' | 'metadata'
>;

/** A received message; see `ReceivedMessage` for its fields. */
export class TestMessage implements ReceivedMessage<string, unknown, MessageBox> {
  readonly type: string;
  readonly payload: unknown;
  readonly from: Peer;
  readonly id: number;
  readonly format: number;
  readonly replyTo: number | undefined;
  readonly metadata: Uint8Array | undefined;
  readonly objects: readonly KernelObject[] = none;
  readonly regions: readonly MemoryRegion[] = none;
  readonly #reply: (message: Outgoing<MessageBox>, options: ReplyOptions | undefined) => number;
  #settle: ((handled: boolean) => void) | undefined;

  constructor(
    fields: TestFields,
    reply: (message: Outgoing<MessageBox>, options: ReplyOptions | undefined) => number,
    settle: (handled: boolean) => void,
  ) {
    this.type = fields.type;
    this.payload = fields.payload;
    this.from = fields.from;
    this.id = fields.id;
    this.format = fields.format;
    this.replyTo = fields.replyTo;
    this.metadata = fields.metadata;
    this.#reply = reply;
    this.#settle = settle;
  }

  reply(message: Outgoing<MessageBox>, options?: ReplyOptions): number {
    return this.#reply(message, options);
  }

  acknowledge(): void {
    this.settle(true);
  }

  /** The outcome; the first one counts. */
  settle(handled: boolean): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(handled);
  }

  keep(): this {
    return this;
  }

  close(): void {
    // Nothing comes with messages of a test bus.
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
