// Clients and implementations of an interface, as the compiler sees them. Types only.
import type {
  ArgsOf,
  ErrorsOf,
  Infer,
  InputOf,
  Interface,
  ItemOf,
  MethodDefinition,
  PropertyDefinition,
  ResultOf,
  SentArgsOf,
  SentErrorsOf,
  SentInputOf,
  SentItemOf,
  SentResultOf,
  SentValueOf,
  Signals,
  ValueOf,
} from '../interface/entry-values.js';
import type { Versioned } from './caller/property-call.js';
import type { Answer } from './client/fan-out.js';
import type { Watched } from './client/property.js';
import type { Subscription } from './client/subscription.js';
import type { DeclaredError } from './errors.js';
import type { CallOptions, SetOptions } from './options.js';
import type { PortPeer } from './port.js';
import type { Stream } from './streams/stream.js';

type IsNever<T> = [T] extends [never] ? true : false;
type IsNothing<T> = [T] extends [undefined] ? true : false;

/** A server or caller, as the directory of its bus describes it. */
export type RpcPeer = PortPeer;

// The parameters of a method of a client: arguments and input, where it has them, then options.
type Parameters<Args, Input, Options> =
  IsNothing<Args> extends true
    ? IsNever<Input> extends true
      ? [options?: Options]
      : [input: Items<Input>, options?: Options]
    : IsNever<Input> extends true
      ? Record<never, never> extends Args
        ? [args?: Args, options?: Options]
        : [args: Args, options?: Options]
      : [args: Args, input: Items<Input>, options?: Options];

/** What can be streamed: any iterable. */
export type Items<T> = Iterable<T> | AsyncIterable<T>;

/** A method of a client. */
export type ClientMethod<M extends MethodDefinition> = (
  ...parameters: Parameters<SentArgsOf<M>, SentInputOf<M>, CallOptions>
) => IsNever<ItemOf<M>> extends true ? Promise<ResultOf<M>> : Stream<ItemOf<M>, ResultOf<M>>;

/** A property of a client. */
export interface ReadableProperty<T> extends AsyncIterable<T> {
  /** Asks for the value. */
  get(options?: CallOptions): Promise<T>;
  /** Asks for the value with its version. */
  read(options?: CallOptions): Promise<Versioned<T>>;
  /**
   * Iterates over the values from now on, beginning with the present one. A slow loop gets the newest
   * value only. When the server is gone, it yields the last value with `stale`, and then the values
   * of the next server.
   */
  watch(options?: CallOptions): AsyncIterableIterator<Watched<T>, void, undefined>;
  /** Iterates over the values, as {@link watch} does, without the stale ones. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined>;
  /** Calls `listener` with each value, the present one first. */
  on(event: 'change', listener: (value: T, version: number) => void): Subscription;
  /** Calls `listener` with the last value seen when the server is gone. */
  on(event: 'stale', listener: (value: T | undefined, version: number) => void): Subscription;
}

/** A property that clients may set. */
export interface WritableProperty<T, Sent> extends ReadableProperty<T> {
  /**
   * Sets the value, and resolves with its version.
   * @throws ConflictError if `ifVersion` is another one by now.
   */
  set(value: Sent, options?: SetOptions): Promise<number>;
}

type PropertyOf<P extends PropertyDefinition> = P['access'] extends 'read-write'
  ? WritableProperty<ValueOf<P>, SentValueOf<P>>
  : ReadableProperty<ValueOf<P>>;

interface ClientBase<S extends Signals> extends AsyncDisposable {
  /**
   * Calls `listener` with the data of each signal of one server; when that is gone, of the next one.
   */
  on<K extends keyof S & string>(
    signal: K,
    listener: (data: Infer<S[K]>, from: RpcPeer) => void,
  ): Subscription;
  /**
   * Cancels the calls under way and ends the subscriptions. The last client of a thread on a bus
   * leaves the bus.
   */
  close(): Promise<void>;
}

/** A client of an interface: its methods and properties, and `on` for its signals. */
export type ClientOf<I extends Interface> = {
  readonly [K in keyof I['methods'] & string]: ClientMethod<I['methods'][K]>;
} & {
  readonly [K in keyof I['properties'] & string]: PropertyOf<I['properties'][K]>;
} & ClientBase<I['signals']>;

type Unary<M> = M extends { readonly stream: object } | { readonly input: object } ? false : true;

/** The methods that {@link all} has: those with one result and no input. */
export type AllClient<I extends Interface> = {
  readonly [K in keyof I['methods'] & string as Unary<I['methods'][K]> extends true ? K : never]: (
    ...parameters: Parameters<SentArgsOf<I['methods'][K]>, never, CallOptions>
  ) => AsyncIterableIterator<Answer<ResultOf<I['methods'][K]>>, void, undefined>;
} & Pick<ClientBase<I['signals']>, 'on'>;

/** The methods that {@link first} has: idempotent, with one result and no input. */
export type FirstClient<I extends Interface> = {
  readonly [K in keyof I['methods'] & string as I['methods'][K] extends {
    /** Only these may be asked twice. */
    readonly idempotent: true;
  }
    ? Unary<I['methods'][K]> extends true
      ? K
      : never
    : never]: ClientMethod<I['methods'][K]>;
};

/** What a method gets as its second argument: the call that it runs for. */
export interface Call<M extends MethodDefinition = MethodDefinition> {
  /** Aborts when the caller is gone, cancels, or its deadline passes. */
  readonly signal: AbortSignal;
  /** When the caller gives up, on the clock of `performance.now()`; `Infinity` for never. */
  readonly deadline: number;
  /** Who calls, as the directory describes it; it proves no more than being on the bus does. */
  readonly from: RpcPeer;
  /** How often the call was sent before, to other servers. */
  readonly attempt: number;
  /** The items that the caller streams; only in a method with `input`. */
  readonly input: Stream<InputOf<M>>;
  /**
   * Makes an error that the interface declares, to be thrown.
   * @throws TypeError if it is not declared.
   */
  error<C extends keyof SentErrorsOf<M> & string>(
    code: C,
    data: SentErrorsOf<M>[C],
    message?: string,
  ): DeclaredError;
  /**
   * A client whose calls are made for this one: they are cancelled with it, and have its deadline.
   * It shares the endpoint of this server and need not be closed.
   */
  client<I extends Interface>(
    source: I,
    options?: { readonly to?: CallOptions['to'] },
  ): ClientOf<I>;
  /**
   * Makes the objects and regions among the arguments the method's own. Otherwise they are lent: the
   * layer closes them when the method has returned.
   */
  keep(): void;
}

// biome-ignore lint/suspicious/noConfusingVoidType: a function without result returns nothing
type Nothing = void;

type Returned<M> =
  IsNever<SentItemOf<M>> extends true
    ? IsNothing<SentResultOf<M>> extends true
      ? Nothing | PromiseLike<Nothing>
      : SentResultOf<M> | PromiseLike<SentResultOf<M>>
    : Items<SentItemOf<M>> | PromiseLike<Items<SentItemOf<M>>>;

type ArgsOrNothing<M> = IsNothing<ArgsOf<M>> extends true ? Record<never, never> : ArgsOf<M>;

/** An implementation of an interface's methods: an object, or a class that implements this. */
export type ServerOf<I extends Interface> = {
  [K in keyof I['methods'] & string]: (
    args: ArgsOrNothing<I['methods'][K]>,
    call: Call<I['methods'][K]>,
  ) => Returned<I['methods'][K]>;
};

/** The values of an interface's properties, as a server has them. */
export type PropertyValues<I extends Interface> = {
  -readonly [K in keyof I['properties'] & string]: SentValueOf<I['properties'][K]>;
};

/** Functions that see a value before a client's `set` is done; see `serve`. */
export type PropertySetters<I extends Interface> = {
  readonly [K in keyof I['properties'] & string as I['properties'][K]['access'] extends 'read-write'
    ? K
    : never]?: (
    value: ValueOf<I['properties'][K]>,
    call: Call,
  ) =>
    | SentValueOf<I['properties'][K]>
    | undefined
    | Nothing
    | PromiseLike<SentValueOf<I['properties'][K]> | undefined>;
};

/** Sends the signals of an interface. */
export type EmitterOf<I extends Interface> = {
  readonly [K in keyof I['signals'] & string]: (
    ...data: Record<never, never> extends SentSignal<I['signals'][K]>
      ? [data?: SentSignal<I['signals'][K]>]
      : [data: SentSignal<I['signals'][K]>]
  ) => void;
};

type SentSignal<T> = SentArgsOf<{ readonly args: T }>;

/** A running service. Its properties are members that can be read and assigned. */
export type ServiceOf<I extends Interface> = PropertyValues<I> & {
  /** Sends signals to everyone who subscribed. */
  readonly emit: EmitterOf<I>;
  /**
   * Takes no more calls, lets those that run finish for `linger` milliseconds, and leaves. New calls
   * go to other servers. Repeated calls return the same promise.
   */
  close(options?: { readonly linger?: number | undefined }): Promise<void>;
} & AsyncDisposable;

type DataOf<M, C extends string> = ErrorsOf<M> extends { readonly [K in C]: infer D } ? D : never;

/** The codes of all errors that an interface declares. */
export type ErrorCodeOf<I extends Interface> = {
  [K in keyof I['methods']]: keyof ErrorsOf<I['methods'][K]>;
}[keyof I['methods']] &
  string;

/** The data of an error of an interface. */
export type ErrorDataOf<I extends Interface, C extends string> = {
  [K in keyof I['methods']]: DataOf<I['methods'][K], C>;
}[keyof I['methods']];
