// connectHttp(): a client of an interface over HTTP, by `fetch` alone. This file and those beside it
// need nothing of Node and do not load the bus, so the same code runs in a page.
import type { Interface, Shape } from '../../interface/entry-values.js';
import {
  asyncDispose,
  type CallOptions,
  type ClientOf,
  InvalidResultError,
  type Member,
  membersOf,
  needsAttachments,
  UnsupportedAttachmentError,
} from '../../rpc/entry-port.js';
import { encoded } from './encoded.js';
import { HttpProperty, listen } from './http-property.js';
import { ItemStream } from './item-stream.js';
import type { ConnectHttpOptions } from './options.js';
import { Requests } from './requests.js';

/**
 * A client of an interface that a gateway exposes: what `connect` gives, over HTTP. `url` is that of
 * the gateway. Nothing is sent before the first call. A browser has six connections for all of a
 * host, and each stream, watched property and signal takes one: use a wire for many of them. What a
 * caller streams is collected before it is sent. Methods with kernel objects or memory regions are
 * refused as `UNSUPPORTED_ATTACHMENT`.
 *
 * @throws InvalidArgumentError if an option is wrong; InvalidInterfaceError.
 */
export async function connectHttp<I extends Interface>(
  url: string,
  source: I,
  options: ConnectHttpOptions,
): Promise<ClientOf<I>> {
  const { name, major } = source;
  const members = membersOf(source);
  const requests = new Requests(url, `${name}/${major}`, options);
  const client: Record<string | symbol, unknown> = {};
  for (const member of members.byName.values()) {
    if (member.kind === 'method') client[member.name] = methodOf(source, member, requests);
    else if (member.kind === 'property') client[member.name] = new HttpProperty(member, requests);
  }
  const close = async () => requests.close();
  const own = {
    on: (signal: string, listener: (data: unknown) => void) =>
      listen(members.byName.get(signal), signal, listener, requests),
    close,
    [asyncDispose]: close,
  };
  // Not among the members that `Object.keys` shows.
  for (const key of Reflect.ownKeys(own)) {
    Object.defineProperty(client, key, { value: own[key as 'on'], enumerable: false });
  }
  return client as ClientOf<I>;
}

type Method = (...values: never[]) => unknown;

function methodOf(source: Interface, member: Member, requests: Requests): Method {
  const { name, args, input, item, returns } = member;
  const path = `/call/${requests.place}/${name}`;
  const attaches = needsAttachments(source, name);
  return (...given: unknown[]) => {
    const values = [...given];
    const argument = args === undefined ? undefined : values.shift();
    const items = input === undefined ? undefined : values.shift();
    const options = values[0] as CallOptions | undefined;
    const send = async (accept: string, signal?: AbortSignal) => {
      if (attaches) {
        const text = `${name} needs kernel objects or memory regions, which HTTP does not carry`;
        throw new UnsupportedAttachmentError(text, { executed: 'no' });
      }
      const first = args === undefined ? undefined : encoded(args, argument ?? {}, name);
      const body = input === undefined ? first : await linesOf(first, input, items, name);
      const type = input === undefined ? 'application/json' : 'application/x-ndjson';
      const timed = item === undefined;
      const init = { method: 'POST', body: body ?? '', type, accept };
      return requests.send(
        path,
        init,
        member,
        { ...options, signal: signal ?? options?.signal },
        timed,
      );
    };
    if (item !== undefined) return new ItemStream(member, send, options?.signal);
    return send('application/json').then((answer) => resultOf(answer, returns, member));
  };
}

async function resultOf(
  answer: Response,
  shape: Shape | undefined,
  { name }: Member,
): Promise<unknown> {
  const json: unknown = await answer.json();
  if (shape === undefined) return undefined;
  try {
    return shape.decode(json, undefined, 'json');
  } catch (cause) {
    throw new InvalidResultError(`result of ${name}: ${(cause as Error).message}`, {
      executed: 'yes',
      cause,
    });
  }
}

async function linesOf(
  first: string | undefined,
  shape: Shape,
  items: unknown,
  name: string,
): Promise<string> {
  const lines = first === undefined ? [] : [first];
  for await (const item of items as AsyncIterable<unknown>) lines.push(encoded(shape, item, name));
  return lines.map((line) => `${line}\n`).join('');
}
