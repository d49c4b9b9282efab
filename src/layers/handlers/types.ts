// Handlers, routes and tables as the compiler sees them. Types only.
import type {
  LabelExpression,
  MessageBox,
  Outgoing,
  OutgoingMessage,
  Peer,
  RawContent,
  ReceivedBy,
  ReceivedMessage,
  ReplyOptions,
  Selector,
  SendOptions,
  SendWhenReadyOptions,
  TypesOf,
} from '../../index.js';
import type { Middleware } from './any-message.js';
import type { ServedInterface } from './served.js';

// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a reply returns nothing
type Nothing = void;

/** The keys of a box. */
export type KeyOf<B extends MessageBox> = keyof TypesOf<B> & string;

/** The payload of a type of a box, as it is received. */
export type PayloadOf<B extends MessageBox, K extends KeyOf<B>> = ReceivedBy<TypesOf<B>[K]>;

/** A received message of one type of a box. */
export type MessageOf<B extends MessageBox, K extends KeyOf<B>> = {
  [P in K]: ReceivedMessage<P, PayloadOf<B, P>, B>;
}[K];

/** What a handler returns: a message of the box, which is sent as the reply, or nothing. */
export type HandlerResult<B extends MessageBox> = Outgoing<B> | undefined | Nothing;

/** Sends on behalf of a table: in handlers, in the hooks of a table, and as `sender` outside. */
export interface Sender<B extends MessageBox> {
  /** The endpoint's number on the bus. */
  readonly id: number;
  /** The strings that selectors match the endpoint by; none while it drains. */
  readonly label: readonly string[];
  /** Aborts when the time to drain is over and handlers that still run are given up. */
  readonly signal: AbortSignal;
  /**
   * Sends to a selector, as `endpoint.send` does. Returns the number of receivers.
   * @throws As `endpoint.send`.
   */
  send(to: Selector | string, message: Outgoing<B>, options?: SendOptions): number;
  /** Sends as soon as every receiver has room, as `endpoint.sendWhenReady` does. */
  sendWhenReady(
    to: Selector | string,
    message: Outgoing<B>,
    options?: SendWhenReadyOptions,
  ): Promise<number>;
  /**
   * Sends where the table says: to the selector that its {@link emits} names for this type. The
   * code that emits knows no receiver. Waits for room, and resolves with the number of receivers.
   * @throws TableError if the table names no selector for the type; otherwise as
   * `endpoint.sendWhenReady`.
   */
  emit(message: Outgoing<B>, options?: SendWhenReadyOptions): Promise<number>;
}

/** What a handler gets as its second argument: the message, and the means to send. */
export interface Context<B extends MessageBox, K extends KeyOf<B> = KeyOf<B>> extends Sender<B> {
  /** The message that is handled. */
  readonly message: MessageOf<B, K>;
  /** Its sender. */
  readonly from: Peer;
  /** 1, and one more with each retry. */
  readonly attempt: number;
  /**
   * Sends a reply now, beside the one that the handler may return. Returns the number of receivers.
   * @throws As `message.reply`.
   */
  reply(message: Outgoing<B>, options?: ReplyOptions): number;
}

/**
 * Handles the messages of one type. The value that it returns, or its promise resolves with, is
 * sent as the reply; `undefined` sends none. An exception is a failure; see {@link Route.retry}.
 */
export type Handler<B extends MessageBox, K extends KeyOf<B>> = (
  payload: PayloadOf<B, K>,
  context: Context<B, K>,
) => HandlerResult<B> | PromiseLike<HandlerResult<B>>;

/** How often a message is tried again after its handler has failed. */
export interface RetryOptions {
  /** Further attempts, 1 to 1,000. */
  readonly times: number;
  /** Milliseconds before the first of them; it doubles for each next one. Default: 100. */
  readonly delay?: number;
  /** The longest of the delays, in milliseconds. Default: 10,000. */
  readonly maxDelay?: number;
}

/** A message that was given up, as a dead-letter handler gets it. */
export interface DeadLetter<B extends MessageBox = MessageBox, K extends KeyOf<B> = KeyOf<B>> {
  /** The name of the route. */
  readonly route: string;
  /** The message; its attachments are closed when the handler's promise has settled. */
  readonly message: MessageOf<B, K>;
  /** What the last attempt threw. */
  readonly error: unknown;
  /** How often it was tried. */
  readonly attempts: number;
}

/** A journal, as far as dead letters need it; `openJournal` of `busbar/journal` makes one. */
export interface DeadLetterLog {
  /** Writes a message with what is known of it. */
  append(
    message: OutgoingMessage,
    facts: {
      readonly label: readonly string[];
      readonly peerId: number;
      readonly id: number;
      readonly metadata?: Uint8Array;
    },
  ): Promise<unknown>;
}

/** Where messages go that were given up: a journal, or a function. */
export type DeadLetters<B extends MessageBox, K extends KeyOf<B> = KeyOf<B>> =
  | DeadLetterLog
  | ((letter: DeadLetter<B, K>) => Nothing | PromiseLike<Nothing>);

/** What all routes have. */
export interface RouteBase {
  /** What it is called in lists and events. Default: the key of its type. */
  readonly name?: string;
  /**
   * Only messages of senders whose label matches this expression, by the label that they had when
   * they sent. Default: all.
   */
  readonly from?: string | LabelExpression;
  /**
   * Messages of this route that are handled at a time, 1 to 65,535. Default: it takes turns with all
   * other routes that have neither this nor `order`: one message at a time, in the order of arrival.
   */
  readonly concurrency?: number;
  /**
   * Messages that may wait in this process for their turn, 0 to 65,535; when there are more, no
   * message is taken from any sender. Default: 0, or 64 with `order`.
   */
  readonly queue?: number;
  /** Further attempts after a failure. The message keeps its turn meanwhile. Default: 0. */
  readonly retry?: number | RetryOptions;
  /** Middleware of this route, inside that of the table; the first one is the outermost. */
  readonly use?: Middleware | readonly Middleware[];
}

/** A route with its conditions. */
export interface Route<B extends MessageBox, K extends KeyOf<B>> extends RouteBase {
  /** Handles the messages of the route. */
  readonly run: Handler<B, K>;
  /**
   * Messages with the same key are handled one after the other, in their order; others at the same
   * time, up to `concurrency` (default: 16). `undefined` stands for no order.
   */
  readonly order?: (message: MessageOf<B, K>) => string | number | undefined;
  /** Where messages go when no attempt is left. Default: that of the table. */
  readonly deadLetter?: DeadLetters<B, K>;
}

/** A route that passes messages on as they are: neither decoded nor encoded. */
export interface ForwardRoute extends RouteBase {
  /** Whom they are sent to; attachments and metadata go with them. */
  readonly forward: Selector | string | ((content: RawContent, from: Peer) => Selector | string);
}

/** Made by {@link emits}: where messages of a type are sent. */
export interface Destination {
  /** `undefined`: handlers name the receivers themselves. */
  readonly emits: Selector | undefined;
}

/** What a table may say about one type. */
export type Entry<B extends MessageBox, K extends KeyOf<B>> =
  | Handler<B, K>
  | Route<B, K>
  | ForwardRoute
  | Destination
  | readonly (Route<B, K> | Destination)[];

/** Functions of a table that are called at certain times. */
export interface Hooks<B extends MessageBox> {
  /** Called before the first message is taken, which waits for its promise. */
  readonly onStart?: (sender: Sender<B>) => Nothing | PromiseLike<Nothing>;
  /** Called when all messages have been handled and none came for a turn of the event loop. */
  readonly onIdle?: (sender: Sender<B>) => Nothing | PromiseLike<Nothing>;
  /** Called after the last message, before the endpoint leaves; it may still send. */
  readonly onStop?: (sender: Sender<B>) => Nothing | PromiseLike<Nothing>;
}

// An interface's name has a dot, as no key of most boxes has.
type Dotted = `${string}.${string}`;
type Services<B extends MessageBox> = [Extract<KeyOf<B>, Dotted>] extends [never]
  ? { readonly [name: Dotted]: ServedInterface }
  : unknown;

/**
 * Who handles what: for each key of the box a handler, a route, a list of routes of which the first
 * that matches is taken, or {@link emits} for a type that is only sent; and {@link Hooks}. A class
 * can implement it. No key of the box may be the name of a hook.
 */
export type Table<B extends MessageBox> = {
  // The compiler looks for the types of hooks here, too, while it infers B.
  readonly [K in KeyOf<B>]: K extends keyof Hooks<B> ? Hooks<B>[K] : Entry<B, K>;
} & Hooks<B>;

/** A table, which may also have interfaces under their names; see {@link server}. */
export type FullTable<B extends MessageBox> = Table<B> | (Table<B> & Services<B>);

/** A line of the table, with what happened since the start. */
export interface RouteRow {
  /** The name of the route. */
  readonly name: string;
  /** The key of the type; for a method, `interface.method`. */
  readonly type: string;
  /** The condition on senders, as a text; `undefined` for none. */
  readonly from: string | undefined;
  /** How its messages take turns. */
  readonly mode: 'serial' | 'concurrent' | 'ordered' | 'call' | 'emit';
  /** Messages at a time; 0 for `emit`. */
  readonly concurrency: number;
  /** Where messages are sent, for `emit` and for a route that forwards. */
  readonly to: string | undefined;
  /** Messages handled; for `emit`, messages sent. */
  readonly handled: number;
  /** Attempts that failed and were followed by another one. */
  readonly retried: number;
  /** Messages that were given up. */
  readonly failed: number;
  /** Of the `failed`, those that went to the dead letters. */
  readonly deadLetters: number;
  /** Messages whose handlers have not finished. */
  readonly running: number;
  /** Messages that wait in this process for their turn. */
  readonly waiting: number;
  /** Mean time of a message in microseconds, of every 32nd one; 0 before the first of those. */
  readonly meanMicroseconds: number;
}
