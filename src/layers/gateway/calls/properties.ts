// `/property/…`: the value of a property with its version as the entity tag, set only if nobody else
// has set it meanwhile, and watched as a stream.
import type { PropertyDefinition, Shape } from '../../interface/entry-values.js';
import type { CallOptions, SetOptions, Versioned } from '../../rpc/index.js';
import type { Exchange } from '../http/exchange.js';
import { Refusal } from '../http/refusal.js';
import type { Watching } from '../streams/watching.js';
import { callOptionsOf, headerOf } from './call-options.js';
import type { Exposures } from './exposed.js';
import { memberOf, type NamedMember } from './member-path.js';
import type { Values } from './values.js';

interface Access {
  read(options: CallOptions): Promise<Versioned>;
  set(value: unknown, options: SetOptions): Promise<number>;
}

interface NamedProperty extends NamedMember {
  readonly shape: Shape;
  readonly definition: PropertyDefinition;
  readonly access: Access;
}

/** Answers for properties and signals. */
export class Properties {
  readonly #exposures: Exposures;
  readonly #values: Values;
  readonly #watching: Watching;

  constructor(exposures: Exposures, values: Values, watching: Watching) {
    this.#exposures = exposures;
    this.#values = values;
    this.#watching = watching;
  }

  /** `GET /property/…`: the value, or all values from now on if `accept` names a stream. */
  async get(exchange: Exchange): Promise<void> {
    const property = await this.#property(exchange);
    if (/text\/event-stream|application\/x-ndjson/i.test(exchange.headers.accept ?? '')) {
      return this.#watching.one(exchange, property);
    }
    const { value, version } = await property.access.read(callOptionsOf(exchange));
    const etag = `"${version}"`;
    if (tagsOf(exchange, 'if-none-match')?.includes(etag) === true) {
      exchange.bytes(304, undefined, { etag });
      return;
    }
    exchange.text(200, this.#values.text(property.shape, value, exchange), { etag });
  }

  /** `PUT /property/…`: sets the value, with `if-match` only if it has this version. */
  async put(exchange: Exchange): Promise<void> {
    const { definition, access, shape, name } = await this.#property(exchange);
    if (definition.access !== 'read-write') {
      throw new Refusal('METHOD_NOT_ALLOWED', `${name} is read-only`, { allow: 'GET' });
    }
    if (exchange.grant?.readOnly === true) {
      throw new Refusal('FORBIDDEN', 'the token may not set properties');
    }
    const ifVersion = ifVersionOf(exchange);
    const value = this.#values.decode(shape, await exchange.readJson());
    const options = { ...callOptionsOf(exchange), ...(ifVersion !== undefined && { ifVersion }) };
    const version = await access.set(value, options);
    exchange.bytes(204, undefined, { etag: `"${version}"` });
  }

  /** `GET /signal/…`: a signal, as a stream. */
  async signal(exchange: Exchange): Promise<void> {
    const member = await memberOf(exchange, this.#exposures);
    if (!member.exposed.shapes.signals.has(member.name)) {
      throw new Refusal('NOT_FOUND', `${member.exposed.source.name} has no such signal`);
    }
    return this.#watching.one(exchange, member);
  }

  async #property(exchange: Exchange): Promise<NamedProperty> {
    const member = await memberOf(exchange, this.#exposures);
    const { exposed, name } = member;
    const { source, shapes, client } = exposed;
    const shape = shapes.properties.get(name);
    const definition = Object.hasOwn(source.properties, name) ? source.properties[name] : undefined;
    if (shape === undefined || definition === undefined) {
      throw new Refusal('NOT_FOUND', `${source.name} has no property of this name`);
    }
    const access = (client as unknown as Record<string, Access>)[name] as Access;
    return { exposed, name, shape, definition, access };
  }
}

function tagsOf(exchange: Exchange, header: string): readonly string[] | undefined {
  return headerOf(exchange, header)
    ?.split(',')
    .map((tag) => tag.trim());
}

function ifVersionOf(exchange: Exchange): number | undefined {
  const tags = tagsOf(exchange, 'if-match');
  if (tags === undefined || tags[0] === '*') return undefined;
  const [, version] = /^"(\d{1,16})"$/.exec(tags[0] ?? '') ?? [];
  if (version === undefined || tags.length > 1 || !Number.isSafeInteger(Number(version))) {
    throw new Refusal('BAD_REQUEST', 'if-match is no version of a property, as an etag of it is');
  }
  return Number(version);
}
