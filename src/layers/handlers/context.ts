// What handlers get beside a payload, and the sender of a table.
import {
  type MessageBox,
  type Outgoing,
  type Peer,
  QueueFullError,
  type ReplyOptions,
  type Selector,
  type SendWhenReadyOptions,
  unicast,
} from '../../index.js';
import type { AnyContext } from './any-message.js';
import { TableError } from './errors.js';
import type { Seat, SeatMessage } from './seat.js';
import type { Sender } from './types.js';

type Message = Outgoing<MessageBox>;

/** Where a table sends the messages of a type, counted. */
export interface EmitRow {
  readonly to: Selector | undefined;
  handled: number;
}

/** Sends for one table. Its functions need no `this`, so that handlers may take them out of it. */
export class TableSender implements Sender<MessageBox> {
  readonly signal: AbortSignal;
  readonly send: Sender<MessageBox>['send'];
  readonly sendWhenReady: Sender<MessageBox>['sendWhenReady'];
  readonly emit: Sender<MessageBox>['emit'];
  readonly #seat: Seat;

  constructor(seat: Seat, rows: ReadonlyMap<string, EmitRow>, signal: AbortSignal) {
    this.#seat = seat;
    this.signal = signal;
    this.send = (to, message, options) => seat.send(to, message as never, options);
    this.sendWhenReady = (to, message, options) =>
      seat.sendWhenReady(to, message as never, options);
    this.emit = (message, options) => emit(seat, rows, message, options);
  }

  get id(): number {
    return this.#seat.id;
  }

  get label(): readonly string[] {
    return this.#seat.label;
  }

  /** Replies to a message, as soon as its sender has room. */
  reply(to: SeatMessage, message: Message): undefined | Promise<unknown> {
    try {
      to.reply(message);
      return undefined;
    } catch (error) {
      if (!(error instanceof QueueFullError)) throw error;
      const { from, id: replyTo } = to;
      return this.#seat.sendWhenReady(unicast(from), message as never, { replyTo });
    }
  }
}

async function emit(
  seat: Seat,
  rows: ReadonlyMap<string, EmitRow>,
  message: Message,
  options: SendWhenReadyOptions | undefined,
): Promise<number> {
  const { type } = message;
  const row = rows.get(type);
  if (row?.to === undefined) {
    throw new TableError(`the table says nothing about where '${type}' is sent to`, type);
  }
  const receivers = await seat.sendWhenReady(row.to, message as never, options);
  row.handled++;
  return receivers;
}

/** The context of one attempt at one message. One is made for each message, so it has no closures. */
export class MessageContext implements AnyContext {
  readonly message: SeatMessage;
  readonly attempt: number;
  readonly #sender: TableSender;

  constructor(sender: TableSender, message: SeatMessage, attempt: number) {
    this.#sender = sender;
    this.message = message;
    this.attempt = attempt;
  }

  get from(): Peer {
    return this.message.from;
  }

  get id(): number {
    return this.#sender.id;
  }

  get label(): readonly string[] {
    return this.#sender.label;
  }

  get signal(): AbortSignal {
    return this.#sender.signal;
  }

  get send(): TableSender['send'] {
    return this.#sender.send;
  }

  get sendWhenReady(): TableSender['sendWhenReady'] {
    return this.#sender.sendWhenReady;
  }

  get emit(): TableSender['emit'] {
    return this.#sender.emit;
  }

  get reply(): (message: Message, options?: ReplyOptions) => number {
    return (message, options) => this.message.reply(message as never, options);
  }
}
