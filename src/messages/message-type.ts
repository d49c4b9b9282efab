// Message types: the UUID of a kind of message, with the codec and schema of its payload.
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isUuid, nameUuid } from '../base/uuid.js';
import { markInstances } from '../brand.js';
import { checkOptions, checkString, show } from '../checks.js';
import { InvalidArgumentError } from '../errors/index.js';
import type { Codec } from './codec.js';
import { messagePackCodec } from './codecs/message-pack.js';
import { uuidBytes } from './uuid-text.js';

/**
 * The namespace in which names of message types become UUIDs (RFC 9562, version 5). It never
 * changes: a program in another language derives the same UUID from the same name.
 */
export const messageTypeNamespace = '034f1c99-ce3f-46d5-b0cd-c96b1f261975';

const maxNameBytes = 1024;

/**
 * A kind of message: its UUID, its codec and optionally a schema. `In` is the type that can be
 * sent, `Out` the type received, mostly the same. Immutable; made by {@link messageType} and its
 * siblings.
 */
export class MessageType<out Out = unknown, in In = Out> {
  /** The UUID in lower case. */
  readonly id: string;
  /** The name that the UUID was derived from; `undefined` if the UUID was given. */
  readonly name: string | undefined;
  /** How payloads become bytes. */
  readonly codec: Codec<Out, In>;
  /** Validates each received payload. */
  readonly schema: StandardSchemaV1 | undefined;

  /** @internal */
  constructor(
    id: string,
    name: string | undefined,
    codec: Codec<Out, In>,
    schema: StandardSchemaV1 | undefined,
  ) {
    this.id = id;
    this.name = name;
    this.codec = codec;
    this.schema = schema;
    Object.freeze(this);
  }

  /** A copy of the UUID's 16 bytes, as in each message. */
  get idBytes(): Uint8Array {
    return uuidBytes(this.id);
  }
}

/** A message type with any payload. */
export type AnyMessageType = MessageType<unknown, never>;

/** Options of {@link messageType}. */
export interface MessageTypeOptions<Out, In> {
  /** How payloads become bytes. Default: MessagePack. */
  readonly codec?: Codec<Out, In>;
  /** None; see {@link ValidatedMessageTypeOptions}. */
  readonly schema?: undefined;
}

/** Options of {@link messageType} with a schema, which then defines the type received. */
export interface ValidatedMessageTypeOptions<Out, In> {
  /** How payloads become bytes. Default: MessagePack. */
  readonly codec?: Codec<unknown, In>;
  /**
   * Validates, and may transform, each received payload. Must be synchronous. Not applied when
   * sending.
   */
  readonly schema: StandardSchemaV1<In, Out>;
}

/**
 * Makes a message type. `uuidOrName` is a UUID, or any other name, from which the UUID is derived;
 * names that begin with `busbar.` belong to this package.
 * @throws InvalidArgumentError if it is neither, or an option is wrong.
 */
// NoInfer: otherwise the compiler would infer `never` for In within messageBox({ … }).
export function messageType<Out = unknown, In = Out>(
  uuidOrName: string,
  options?: MessageTypeOptions<Out, In>,
): MessageType<Out, NoInfer<In>>;
export function messageType<Out, In = Out>(
  uuidOrName: string,
  options: ValidatedMessageTypeOptions<Out, In>,
): MessageType<Out, NoInfer<In>>;
export function messageType<Out, In>(
  uuidOrName: string,
  options?: MessageTypeOptions<Out, In> | ValidatedMessageTypeOptions<Out, In>,
): MessageType<Out, In> {
  const own = checkOptions('messageType()', options, ['codec', 'schema']);
  const { id, name } = identify(uuidOrName);
  const { codec = messagePackCodec(), schema } = own;
  checkCodec(codec);
  if (schema !== undefined) checkSchema(schema);
  // A schema turns what the codec decodes into Out.
  return new MessageType(id, name, codec as Codec<Out, In>, schema);
}

function identify(uuidOrName: string): { id: string; name: string | undefined } {
  checkString('message type', uuidOrName, 1, maxNameBytes);
  if (isUuid(uuidOrName)) {
    const id = uuidOrName.toLowerCase();
    if (/^[0-]+$|^[f-]+$/.test(id)) {
      throw new InvalidArgumentError(`message type is the reserved UUID ${id}`, { value: id });
    }
    return { id, name: undefined };
  }
  if (/^[0-9a-f-]{32,38}$/i.test(uuidOrName)) {
    throw new InvalidArgumentError(
      `message type is ${show(uuidOrName)}, which is not a valid UUID`,
      {
        value: uuidOrName,
      },
    );
  }
  return { id: nameUuid(uuidOrName, messageTypeNamespace), name: uuidOrName };
}

function checkCodec(codec: unknown): void {
  if (isObject(codec) && typeof codec.encode === 'function' && typeof codec.decode === 'function') {
    return;
  }
  throw new InvalidArgumentError(`codec is ${show(codec)}; expected encode() and decode()`, {
    option: 'codec',
    value: codec,
  });
}

function checkSchema(schema: unknown): void {
  // A schema may be a function with this property, as in ArkType.
  const standard = isObject(schema) ? schema['~standard'] : undefined;
  if (isObject(standard) && typeof standard.validate === 'function') return;
  throw new InvalidArgumentError(`schema is ${show(schema)}; expected a Standard Schema`, {
    option: 'schema',
    value: schema,
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

markInstances(MessageType);
