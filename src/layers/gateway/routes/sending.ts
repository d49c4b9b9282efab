// `POST /send/<type>`: a plain message for members of the bus, of the types that the gateway lets
// through.
import {
  codecs,
  type Endpoint,
  join,
  messageType,
  multicast,
  NoRecipientError,
  type RawBox,
  raw,
  StagingArena,
  UndeliveredError,
  unicast,
} from '../../../index.js';
import type { Bus } from '../../rpc/index.js';
import { headerOf, receiversOf, timeoutOf } from '../calls/call-options.js';
import type { Exchange } from '../http/exchange.js';
import { Refusal } from '../http/refusal.js';

/** Milliseconds until a message is taken. */
const defaultTimeout = 5000;

/** Sends messages. */
export class Sending {
  readonly #bus: Bus;
  /** Names or UUIDs of types; `undefined` for all. */
  readonly #types: ReadonlySet<string> | undefined;
  #joining: Promise<Endpoint<RawBox>> | undefined;

  constructor(bus: Bus, types: readonly string[] | 'everything') {
    this.#bus = bus;
    this.#types = types === 'everything' ? undefined : new Set(types);
  }

  /** Sends, and answers with how many members have taken it. */
  async post(exchange: Exchange): Promise<void> {
    const [, type = '', ...more] = exchange.target.segments;
    // A member of an interface is named `com.example.thermostat/1.setTarget`.
    const name = [type, ...more].join('/');
    const { grant } = exchange;
    if (this.#types?.has(name) === false) {
      throw new Refusal('FORBIDDEN', 'messages of this type are not let through');
    }
    if (grant !== undefined && (grant.readOnly || !grant.allows(name))) {
      throw new Refusal('FORBIDDEN', 'the token may not send messages of this type');
    }
    const { id: typeId } = messageTypeOf(name);
    const bytes = encoded(await exchange.readJson(), headerOf(exchange, 'busbar-codec'));
    const to = receiversOf(exchange);
    const isAll = exchange.target.query.get('all') === 'true';
    const selector = isAll ? multicast(to ?? 'anyone') : unicast(to ?? 'anyone');
    const endpoint = await this.#endpoint();
    try {
      const receivers = await endpoint.deliver(selector, raw.message({ typeId, bytes }), {
        timeout: timeoutOf(exchange) ?? defaultTimeout,
        signal: exchange.signal,
      });
      if (receivers === 0) throw nobody();
      exchange.json(200, { receivers });
    } catch (error) {
      throw refusalOf(error);
    }
  }

  async close(): Promise<void> {
    const endpoint = await this.#joining?.catch(() => undefined);
    await endpoint?.close();
  }

  #endpoint(): Promise<Endpoint<RawBox>> {
    const bus = typeof this.#bus === 'string' ? { name: this.#bus } : this.#bus;
    const { name, ...options } = bus;
    this.#joining ??= join(name, { ...options, messages: raw, controllerAffinity: false });
    const joining = this.#joining;
    joining.catch(() => {
      this.#joining = undefined;
    });
    return joining;
  }
}

function messageTypeOf(name: string): { readonly id: string } {
  try {
    return messageType(name);
  } catch (error) {
    throw new Refusal('BAD_REQUEST', `the type of the message: ${(error as Error).message}`);
  }
}

function encoded(value: unknown, codec = 'messagepack'): Uint8Array {
  if (codec !== 'messagepack' && codec !== 'json') {
    throw new Refusal('BAD_REQUEST', 'busbar-codec is neither messagepack nor json');
  }
  const arena = new StagingArena();
  const { encode } = codec === 'json' ? codecs.json() : codecs.messagePack();
  encode((value ?? {}) as never, arena);
  return arena.source.slice(arena.start, arena.end);
}

function nobody(): Refusal {
  return new Refusal('UNAVAILABLE', 'no member of the bus matches');
}

function refusalOf(error: unknown): unknown {
  if (error instanceof NoRecipientError) return nobody();
  if (error instanceof UndeliveredError) return new Refusal('UNAVAILABLE', error.message);
  return error;
}
