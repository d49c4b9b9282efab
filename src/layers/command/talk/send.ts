// The command `send`: one message to members that match, and at wish the reply. A payload of a type
// that a member describes is checked by the description.
import { readFileSync } from 'node:fs';
import {
  type Codec,
  codecs,
  type DeliverOptions,
  type Endpoint,
  join,
  messageType,
  multicast,
  NoRecipientError,
  type RawBox,
  raw,
  type Selector,
  StagingArena,
  UndeliveredError,
  unicast,
} from '../../../index.js';
import { conditionOf } from '../bus/condition.js';
import { shownPeer } from '../bus/member-rows.js';
import { nobodyMatches } from '../bus/nobody.js';
import { type ChosenBus, chosenBus } from '../bus/which-bus.js';
import { exitCode, Failure } from '../failure.js';
import { formOf } from '../table.js';
import { clean } from '../text.js';
import {
  numberOf,
  type OptionValues,
  type Output,
  type Run,
  textOf,
  UsageError,
} from '../usage.js';
import { freeArguments, freeValue } from '../values/free-arguments.js';
import { jsonable } from '../values/json-value.js';
import { guessed } from '../watch/decode.js';

/** Milliseconds until the message is taken, and again until the reply is there. */
const defaultTimeout = 5000;
/** The type of the messages of endpoints that joined without a message box. */
const plainType = 'busbar.plain';

/** What is sent: a type, and its payload before it is encoded. */
interface Draft {
  readonly typeName: string;
  readonly value: unknown;
}

/** Sends a message. */
export const send: Run = async ([selector = '', ...words], options, output) => {
  const bus = chosenBus(options, output);
  const condition = conditionOf(selector);
  const draft = await draftOf(bus, words, options, output);
  const bytes = encoded(draft.value, codecOf(options));
  const { id: typeId } = messageType(draft.typeName);
  const { name, token } = bus;
  const { interrupted: signal } = output;
  const timeout = numberOf(options, 'timeout', 1) ?? defaultTimeout;
  await using endpoint = await join(name, {
    token,
    signal,
    messages: raw,
    controllerAffinity: false,
  });
  const to = options.all === true ? multicast(condition.text) : unicast(condition.text);
  const receivers = await delivered(endpoint, to, raw.message({ typeId, bytes }), {
    timeout,
    signal,
  });
  if (receivers === 0) throw nobodyMatches(condition, endpoint.peers, name);
  const form = formOf(options, output);
  if (form === 'json') output.print(JSON.stringify({ kind: 'sent', receivers }));
  else if (options.reply !== true) {
    output.print(`taken by ${receivers} ${receivers === 1 ? 'member' : 'members'}`);
  }
  if (options.reply === true) await printReply(endpoint, timeout, form === 'json', output);
  return exitCode.ok;
};

/** Resolves with how many have taken it; 0 if nobody matches. */
async function delivered(
  endpoint: Endpoint<RawBox>,
  to: Selector,
  message: ReturnType<RawBox['message']>,
  options: DeliverOptions,
): Promise<number> {
  try {
    return await endpoint.deliver(to, message, options);
  } catch (error) {
    if (error instanceof NoRecipientError) return 0;
    if (error instanceof UndeliveredError) throw refusedBy(error);
    throw error;
  }
}

function refusedBy(error: UndeliveredError): Failure {
  const reasons = new Set(error.failures?.map(({ reason }) => reason));
  const next = reasons.has('ERR_BUSBAR_UNKNOWN_TYPE')
    ? 'it takes no messages of this type; name another'
    : 'busbar doctor looks for the reason';
  return new Failure(exitCode.failed, `${error.message}; ${next}`, error);
}

async function draftOf(
  bus: ChosenBus,
  words: readonly string[],
  options: OptionValues,
  output: Output,
): Promise<Draft> {
  const [first, ...rest] = words;
  // A word with a dot or a UUID; anything else without one is a payload.
  const isType = first !== undefined && /^[A-Za-z][\w-]*\.[\w./-]+$|^[0-9a-f-]{36}$/i.test(first);
  const typeName = isType ? first : plainType;
  const payload = isType ? rest : words;
  // Only a type of an interface can be described; what reads descriptions is loaded for it alone.
  const isMember = isType && /\/\d+\.\w+$/.test(typeName);
  const described = isMember ? await import('./described-type.js') : undefined;
  const value = await described?.describedValue(bus, typeName, payload, output);
  if (value !== undefined) {
    if (options.codec !== undefined) {
      throw new UsageError(`${typeName} is described, and sent as MessagePack: without --codec`);
    }
    return { typeName, value };
  }
  return { typeName, value: freePayload(payload, options) };
}

function freePayload(words: readonly string[], options: OptionValues): unknown {
  const [only] = words;
  if (only === undefined) return {};
  if (words.length === 1 && only === '-') {
    const bytes = readFileSync(0);
    return textOf(options, 'codec') === 'bytes' ? bytes : freeValue(bytes.toString());
  }
  if (words.length === 1 && !/^[A-Za-z_]\w*=/.test(only)) return freeValue(only);
  return freeArguments(words);
}

function codecOf(options: OptionValues): Codec<unknown, never> {
  switch (textOf(options, 'codec') ?? 'messagepack') {
    case 'messagepack':
      return codecs.messagePack();
    case 'json':
      return codecs.json();
    case 'text':
      return codecs.text as Codec<unknown, never>;
    case 'bytes':
      return codecs.bytes as Codec<unknown, never>;
    default:
      throw new UsageError('--codec is one of messagepack, json, text, bytes');
  }
}

function encoded(value: unknown, codec: Codec<unknown, never>): Uint8Array {
  const arena = new StagingArena();
  codec.encode(value as never, arena);
  return arena.source.slice(arena.start, arena.end);
}

async function printReply(
  endpoint: Endpoint<RawBox>,
  timeout: number,
  asJson: boolean,
  output: Output,
): Promise<void> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const left = Math.max(0, deadline - performance.now());
    const message = await endpoint.recv({ timeout: left, signal: output.interrupted });
    // Everything else that comes is for anyone, and goes to the next match when this one leaves.
    if (message.replyTo === undefined) continue;
    const { from, payload } = message;
    const { value } = guessed(payload.bytes, payload.typeId);
    const { id, pid, label } = from;
    const json = jsonable(value);
    if (asJson) {
      const reply = { kind: 'reply', from: { id, pid, label }, typeId: payload.typeId };
      output.print(JSON.stringify({ ...reply, payload: json }));
    } else {
      output.print(`${clean(shownPeer(from))}\t${JSON.stringify(json)}`);
    }
    return;
  }
}
