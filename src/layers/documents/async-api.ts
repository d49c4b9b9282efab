// An interface as an AsyncAPI document, from the view of its server: it receives calls and replies
// to them, and sends signals and new values of properties.
import {
  hashOf,
  type Interface,
  isSchema,
  type Json,
  memberTypeId,
  memberTypeName,
  modelOf,
  pascalCase,
} from '../interface/index.js';
import { type JsonObject, SchemaWriter } from './schemas.js';
import { docsOf } from './type-words.js';

/** The versions of AsyncAPI that can be written; the default is the first. */
const versions = ['3.0.0', '3.1.0'] as const;

/** Options of {@link asyncApiOf} and {@link printAsyncApi}. */
export interface AsyncApiOptions {
  /** The version of AsyncAPI. Default: `'3.0.0'`. */
  readonly version?: (typeof versions)[number] | undefined;
}

/**
 * An interface as an AsyncAPI document: a channel for each member, operations with replies, and every
 * schema under a name. What AsyncAPI has no words for is in `x-busbar`. Payloads are described in
 * their JSON form, in which integers of 64 bits and bytes are strings.
 * @throws InvalidInterfaceError if a schema of another library cannot describe itself.
 */
export function asyncApiOf(
  given: Interface,
  options: AsyncApiOptions = {},
): { readonly [key: string]: Json } {
  const { version = versions[0] } = options;
  if (!versions.includes(version)) {
    throw new TypeError(`version is ${String(version)}; expected one of ${versions.join(', ')}`);
  }
  return new Writer(given).write(version);
}

/** The document of {@link asyncApiOf} as text: JSON, which is YAML, too. */
export function printAsyncApi(given: Interface, options: AsyncApiOptions = {}): string {
  return `${JSON.stringify(asyncApiOf(given, options), null, 2)}\n`;
}

/** The kinds of frames, as the format word has them. */
const kinds = { call: 0, emission: 1, set: 2 };
const answers = { result: 0, error: 1, item: 3, end: 5 };

const answerType = { typeName: 'busbar.rpc', typeId: '5d93b0e0-d5e9-54a6-8d34-0be35c7f0804' };

class Writer {
  readonly #given: Interface;
  readonly #schemas: SchemaWriter;
  readonly #channels: JsonObject = {};
  readonly #operations: JsonObject = {};
  readonly #messages: JsonObject = {};

  constructor(given: Interface) {
    this.#given = given;
    this.#schemas = new SchemaWriter(Object.keys(modelOf(given).types ?? {}));
  }

  write(asyncapi: string): JsonObject {
    const { name, version, doc, major, methods, properties, signals } = this.#given;
    for (const [member, method] of Object.entries(methods)) this.#method(member, method);
    for (const [member, property] of Object.entries(properties)) this.#property(member, property);
    for (const [member, data] of Object.entries(signals)) this.#signal(member, data);
    return {
      asyncapi,
      id: `urn:busbar:${name}:${major}`,
      info: {
        title: name,
        version,
        ...(doc !== undefined && { description: doc }),
        'x-busbar': { hash: hashOf(this.#given) },
      },
      servers: {
        bus: {
          host: '{bus}',
          protocol: 'busbar',
          description: 'A Busbar of this machine, found by its name.',
          variables: { bus: { description: 'The name of the bus.' } },
        },
      },
      defaultContentType: 'application/json',
      channels: this.#channels,
      operations: this.#operations,
      components: {
        messages: this.#messages,
        schemas: this.#schemas.components,
        correlationIds: {
          call: {
            location: '$message.header#/id',
            description: 'The number that the bus gives to every message.',
          },
          answer: {
            location: '$message.header#/replyTo',
            description: 'The number of the message that this one answers.',
          },
        },
      },
    };
  }

  #method(name: string, method: Interface['methods'][string]): void {
    const { args, returns, stream, input, errors = {}, idempotent = false, doc } = method;
    const Name = pascalCase(name);
    const call = this.#message(name, 'call', kinds.call, {
      title: `Call of ${name}`,
      ...(args !== undefined && { payload: this.#schemas.payload(`${Name}Arguments`, args) }),
    });
    const replies: JsonObject = {};
    if (stream !== undefined) {
      replies.item = this.#answer(name, 'item', answers.item, {
        title: `Item of ${name}`,
        payload: this.#schemas.payload(`${Name}Item`, stream),
      });
    }
    replies.result = this.#answer(
      name,
      'result',
      stream === undefined ? answers.result : answers.end,
      {
        title: stream === undefined ? `Result of ${name}` : `End of ${name}`,
        ...(returns !== undefined && { payload: this.#schemas.payload(`${Name}Result`, returns) }),
      },
    );
    for (const [code, data] of Object.entries(errors)) {
      replies[code] = this.#error(name, code, this.#schemas.payload(`${Name}${code}`, data));
    }
    replies.error = this.#error(name, undefined, undefined);
    this.#channel(name, doc, { call });
    this.#replyChannel(name, replies);
    const operation = this.#operation('receive', name, name, ['call'], doc);
    operation.reply = this.#reply(name, Object.keys(replies));
    operation['x-busbar'] = { idempotent };
    this.#operations[name] = operation;
    if (input !== undefined) this.#input(name, this.#schemas.payload(`${Name}Input`, input));
  }

  /** What a caller streams to a method. */
  #input(name: string, payload: JsonObject): void {
    const channel = `${name}.input`;
    const item = this.#answer(name, 'input', answers.item, {
      title: `Input of ${name}`,
      payload,
    });
    this.#channels[channel] = {
      address: null,
      description: `What callers of ${name} stream to it, each item in answer to their call.`,
      messages: { item },
      'x-busbar': answerType,
    };
    this.#operations[channel] = this.#operation('receive', name, channel, ['item'], undefined);
  }

  #property(name: string, property: Interface['properties'][string]): void {
    const { type, access = 'read-only', doc } = property;
    const Name = pascalCase(name);
    const value = this.#schemas.payload(`${Name}Value`, type);
    const version = { type: 'integer', description: 'Grows with each value of one server.' };
    const state = this.#schemas.add(`${Name}State`, structOf({ value, version }));
    const messages: JsonObject = {
      get: this.#message(name, 'get', kinds.call, { title: `Question for ${name}` }),
      change: this.#message(name, 'change', kinds.emission, {
        title: `New value of ${name}`,
        payload: state,
      }),
    };
    const replies: JsonObject = {
      value: this.#answer(name, 'value', answers.result, {
        title: `Value of ${name}`,
        payload: state,
      }),
      error: this.#error(name, undefined, undefined),
    };
    const get = this.#operation('receive', name, name, ['get'], doc);
    get.reply = this.#reply(name, ['value', 'error']);
    this.#operations[`${name}.get`] = get;
    if (access === 'read-write') {
      const ifVersion = { type: 'integer', description: 'Sets only if this is still the version.' };
      messages.set = this.#message(name, 'set', kinds.set, {
        title: `Setting of ${name}`,
        payload: this.#schemas.add(`${Name}Setting`, structOf({ value }, { ifVersion })),
      });
      replies.done = this.#answer(name, 'done', answers.result, {
        title: `Version of the new value of ${name}`,
        payload: this.#schemas.add(`${Name}Version`, structOf({ version })),
      });
      const set = this.#operation('receive', name, name, ['set'], undefined);
      set.reply = this.#reply(name, ['done', 'error']);
      this.#operations[`${name}.set`] = set;
    }
    this.#operations[`${name}.change`] = this.#operation('send', name, name, ['change'], undefined);
    this.#channel(name, doc, messages);
    this.#replyChannel(name, replies);
  }

  #signal(name: string, data: Interface['signals'][string]): void {
    const doc = isSchema(data) ? docsOf(data) : undefined;
    const signal = this.#message(name, 'signal', kinds.emission, {
      title: `Signal ${name}`,
      payload: this.#schemas.payload(`${pascalCase(name)}Data`, data),
    });
    this.#channel(name, doc, { signal });
    this.#operations[name] = this.#operation('send', name, name, ['signal'], doc);
  }

  #channel(name: string, doc: string | undefined, messages: JsonObject): void {
    this.#channels[name] = {
      address: memberTypeName(this.#given, name),
      title: name,
      ...(doc !== undefined && { description: doc }),
      servers: [{ $ref: '#/servers/bus' }],
      messages,
      'x-busbar': {
        typeName: memberTypeName(this.#given, name),
        typeId: memberTypeId(this.#given, name),
      },
    };
  }

  #replyChannel(name: string, messages: JsonObject): void {
    this.#channels[`${name}.reply`] = {
      address: null,
      title: `Answers of ${name}`,
      messages,
      'x-busbar': answerType,
    };
  }

  #operation(
    action: 'send' | 'receive',
    name: string,
    channel: string,
    messages: readonly string[],
    doc: string | undefined,
  ): JsonObject {
    return {
      action,
      channel: { $ref: `#/channels/${channel}` },
      title: name,
      ...(doc !== undefined && { description: doc }),
      messages: messages.map((message) => ({ $ref: `#/channels/${channel}/messages/${message}` })),
    };
  }

  #reply(name: string, messages: readonly string[]): JsonObject {
    return {
      address: {
        location: '$message.header#/from',
        description: 'The number of the endpoint that has asked.',
      },
      channel: { $ref: `#/channels/${name}.reply` },
      messages: messages.map((message) => ({
        $ref: `#/channels/${name}.reply/messages/${message}`,
      })),
    };
  }

  #message(name: string, role: string, kind: number, rest: JsonObject): JsonObject {
    return this.#add(`${name}.${role}`, {
      name: `${name}.${role}`,
      ...rest,
      correlationId: { $ref: '#/components/correlationIds/call' },
      'x-busbar': { kind },
    });
  }

  #answer(name: string, role: string, kind: number, rest: JsonObject): JsonObject {
    return this.#add(`${name}.${role}`, {
      name: `${name}.${role}`,
      ...rest,
      correlationId: { $ref: '#/components/correlationIds/answer' },
      'x-busbar': { kind },
    });
  }

  /** An error that a method declares, or any other one. */
  #error(name: string, code: string | undefined, data: JsonObject | undefined): JsonObject {
    const described =
      code === undefined
        ? { type: 'string', description: 'Such as HANDLER_FAILED or INVALID_ARGUMENT.' }
        : { type: 'string', const: code };
    const schema = this.#schemas.add(
      `${pascalCase(name)}${code ?? ''}Error`,
      structOf({
        code: described,
        message: { type: 'string' },
        ...(data !== undefined && { data }),
      }),
    );
    return this.#answer(name, code ?? 'error', answers.error, {
      title: code === undefined ? `Failure of ${name}` : `Error ${code} of ${name}`,
      payload: schema,
    });
  }

  #add(key: string, message: JsonObject): JsonObject {
    this.#messages[key] = message;
    return { $ref: `#/components/messages/${key}` };
  }
}

function structOf(required: JsonObject, optional: JsonObject = {}): JsonObject {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
  };
}
