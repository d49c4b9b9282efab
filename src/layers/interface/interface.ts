// The value of an interface, as the compiler sees it, and the types of its members.
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { AnySchema, Fields, InputOfFields, OutputOfFields, Schema } from './schema.js';

/** A schema, or the fields of a struct without a name. */
export type TypeOf = AnySchema | Fields;
/**
 * The schema of a struct with this type: for a struct that contains itself, whose type has to be
 * written out. `const Tree: Struct<Tree> = t.struct('Tree', { … })`.
 */
export interface Struct<T> extends Schema<T> {
  readonly kind: 'struct';
}
/** Named values: fields, or a struct that has them. */
export type NamedTypes = Fields | Struct<unknown>;

/** A method of an interface. */
export interface MethodDefinition {
  /** The arguments, by name. Default: none. */
  readonly args?: NamedTypes | undefined;
  /** The result. Default: none. */
  readonly returns?: TypeOf | undefined;
  /** The items that the method streams to its caller. Default: it does not stream. */
  readonly stream?: TypeOf | undefined;
  /** The items that the caller streams to the method. Default: none. */
  readonly input?: TypeOf | undefined;
  /** The errors that the method may fail with, each with its data. */
  readonly errors?: { readonly [code: string]: NamedTypes } | undefined;
  /** Whether it may be executed twice, so that a call is sent again when its callee dies. */
  readonly idempotent?: boolean | undefined;
  /** What it does, in Markdown. */
  readonly doc?: string | undefined;
}

/** A property of an interface. */
export interface PropertyDefinition {
  /** Its value. */
  readonly type: TypeOf;
  /** Whether clients may set it. Default: `'read-only'`. */
  readonly access?: 'read-only' | 'read-write' | undefined;
  /** What it means, in Markdown. */
  readonly doc?: string | undefined;
}

/** Methods by name. */
export interface Methods {
  readonly [name: string]: MethodDefinition;
}
/** Properties by name. */
export interface Properties {
  readonly [name: string]: PropertyDefinition;
}
/** The data of signals by name. */
export interface Signals {
  readonly [name: string]: NamedTypes;
}

/**
 * An interface: what a service offers and a client uses. Frozen, plain data, made by
 * `defineInterface()`.
 */
export interface Interface<
  N extends string = string,
  M extends Methods = Methods,
  P extends Properties = Properties,
  S extends Signals = Signals,
> {
  /** The name in reverse-domain form; a label of every endpoint that serves it. */
  readonly name: N;
  /** Major and minor version, as in `'1.2'`. */
  readonly version: string;
  /** The major version: interfaces that differ in it have nothing to do with each other. */
  readonly major: number;
  /** What it is for, in Markdown. */
  readonly doc: string | undefined;
  /** The methods as defined. */
  readonly methods: M;
  /** The properties as defined. */
  readonly properties: P;
  /** The signals as defined. */
  readonly signals: S;
}

/** The value that is received for a schema or fields. */
export type Infer<T> = T extends AnySchema
  ? StandardSchemaV1.InferOutput<T>
  : T extends Fields
    ? OutputOfFields<T>
    : never;

/** The value that can be sent for a schema or fields. */
export type InferInput<T> = T extends AnySchema
  ? StandardSchemaV1.InferInput<T>
  : T extends Fields
    ? InputOfFields<T>
    : never;

type Part<M, K extends string, Otherwise> = M extends { readonly [P in K]: infer T }
  ? [T] extends [undefined]
    ? Otherwise
    : Infer<NonNullable<T>>
  : Otherwise;
type SentPart<M, K extends string, Otherwise> = M extends { readonly [P in K]: infer T }
  ? [T] extends [undefined]
    ? Otherwise
    : InferInput<NonNullable<T>>
  : Otherwise;

/** The arguments as the method gets them; `undefined` for a method without any. */
export type ArgsOf<M> = Part<M, 'args', undefined>;
/** The arguments as a caller gives them: those with a default may be missing. */
export type SentArgsOf<M> = SentPart<M, 'args', undefined>;
/** The result as the caller gets it; `undefined` for a method without one. */
export type ResultOf<M> = Part<M, 'returns', undefined>;
/** The result as the method returns it. */
export type SentResultOf<M> = SentPart<M, 'returns', undefined>;
/** An item of the method's stream as the caller gets it; `never` without a stream. */
export type ItemOf<M> = Part<M, 'stream', never>;
/** An item of the method's stream as the method yields it. */
export type SentItemOf<M> = SentPart<M, 'stream', never>;
/** An item of the caller's stream as the method gets it; `never` without such a stream. */
export type InputOf<M> = Part<M, 'input', never>;
/** An item of the caller's stream as the caller gives it. */
export type SentInputOf<M> = SentPart<M, 'input', never>;
/** The data of the declared errors by their codes, as the caller gets them. */
export type ErrorsOf<M> = M extends {
  /** Their schemas, by code. */
  readonly errors: infer E;
}
  ? { readonly [C in keyof E & string]: Infer<E[C]> }
  : Record<never, never>;
/** The data of the declared errors by their codes, as the method gives them. */
export type SentErrorsOf<M> = M extends {
  /** Their schemas, by code. */
  readonly errors: infer E;
}
  ? { readonly [C in keyof E & string]: InferInput<E[C]> }
  : Record<never, never>;
/** The value of a property as it is received. */
export type ValueOf<P extends PropertyDefinition> = Infer<P['type']>;
/** The value of a property as it is set. */
export type SentValueOf<P extends PropertyDefinition> = InferInput<P['type']>;
