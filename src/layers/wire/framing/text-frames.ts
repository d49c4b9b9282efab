// Frames between their bytes and their text: objects that a person can write.
//
//   {"call":"com.example.x/1.add","id":1,"args":{"a":1},"timeout":500}
//   {"re":1,"result":3}
//   {"re":1,"error":{"code":"INVALID_ARGUMENT","message":"…"}}
//   {"subscribe":"com.example.x/1.tick","id":2}   {"emit":"com.example.x/1.tick","value":{"n":4}}
//   {"re":2,"cancel":true}
import {
  answerKind,
  answerType,
  codecNumber,
  codecOf,
  flag,
  formatOf,
  kindOf,
  memberKind,
  readMetadata,
  writeMetadata,
} from '../../rpc/entry-port.js';
import { frameKind, malformed, messageHead, readMessage } from '../frames/frame.js';
import { readPayload } from '../frames/payload.js';
import { bytesOfType, textOfType } from '../frames/types.js';
import { membersOf, protocolVersion, writeHello } from '../hello.js';
import { limitsOf } from '../limits.js';
import { nameOfType, typeOfName } from './type-names.js';

/** A line, parsed. */
export type FrameText = Readonly<Record<string, unknown>>;

const maxDepth = 1000;
const verbs = ['call', 'emit', 'set', 'subscribe'] as const;
const verbKinds: Readonly<Record<(typeof verbs)[number], number>> = {
  call: memberKind.call,
  emit: memberKind.emission,
  set: memberKind.set,
  subscribe: memberKind.subscribe,
};
const answers = Object.entries(answerKind).filter(([name]) => name !== 'nothing');
/** Frames without content, by their key. */
const signs = {
  ping: frameKind.ping,
  pong: frameKind.pong,
  over: frameKind.over,
  bye: frameKind.bye,
};

/** The hello of a peer that has not said any. */
export function impliedHello(): Uint8Array {
  const hello = { offers: [], token: undefined, answerOnly: false, halfDuplex: false };
  return writeHello(limitsOf(), hello);
}

/** A frame as text. */
export function textOfFrame(frame: Uint8Array): FrameText {
  const kind = frame[0] as number;
  const json = () => JSON.parse(new TextDecoder().decode(frame.subarray(1)));
  switch (kind) {
    case frameKind.message:
    case frameKind.newest:
      return textOfMessage(frame);
    case frameKind.taken:
      return { taken: nameOfType(textOfType(frame, 4)) };
    case frameKind.hello:
      return {
        busbar: protocolVersion,
        ...JSON.parse(new TextDecoder().decode(frame.subarray(6))),
      };
    case frameKind.offers:
      return { offers: json() };
    case frameKind.refusal:
      return { refused: json() };
    default: {
      const [name = 'bye'] = Object.entries(signs).find(([, each]) => each === kind) ?? [];
      return { [name]: true };
    }
  }
}

function textOfMessage(frame: Uint8Array): FrameText {
  const { kind, format, id, replyTo, metadata, payload, typeAt } = readMessage(frame);
  const type = textOfType(frame, typeAt);
  const value =
    payload.length === 0 ? null : plain(readPayload(payload, codecOf(format), maxDepth));
  const more = {
    ...(metadata !== undefined && textOfMetadata(metadata)),
    ...((format & flag.starved) !== 0 && { starved: true }),
    ...((format & flag.fromCaller) !== 0 && { from: 'caller' }),
    ...(kind === frameKind.newest && { newest: true }),
  };
  if (type === answerType.id) {
    const [name = 'result'] = answers.find(([, each]) => each === kindOf(format)) ?? [];
    return { re: replyTo, [name]: value ?? (name === 'cancel' ? true : null), ...more };
  }
  const verb = verbs.find((each) => verbKinds[each] === kindOf(format)) ?? 'call';
  const content = verb === 'call' ? { args: value ?? {} } : { value };
  const isEmission = verb === 'emit';
  return {
    [verb]: nameOfType(type),
    ...(!isEmission && { id }),
    ...(verb !== 'subscribe' && content),
    ...more,
  };
}

function textOfMetadata(metadata: Uint8Array): FrameText {
  const { deadline, creditItems, creditBytes } = readMetadata(metadata);
  return {
    ...(deadline !== undefined && { timeout: deadline }),
    ...(creditItems > 0 && { credit: [creditItems, creditBytes] }),
  };
}

// Emissions are MessagePack always: to the form that schemas have in JSON.
function plain(value: unknown): unknown {
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}`;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return toBase64(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return btoa(text);
}

/**
 * The frame of a text.
 * @throws WireError `FRAME_MALFORMED`.
 */
export function frameOfText(text: FrameText): Uint8Array {
  const { busbar, offers, refused, taken } = text;
  if (busbar !== undefined) {
    const { busbar: version, ...rest } = text;
    if (!Number.isInteger(version)) throw malformed('busbar is no version');
    const hello = { limits: { frameBytes: limitsOf().frameBytes }, offers: [], ...rest };
    const head = [frameKind.hello, 0x42, 0x42, 0x57, 0x52, Math.min(255, Number(version))];
    return withJson(head, hello);
  }
  if (offers !== undefined) return withJson([frameKind.offers], offers);
  if (refused !== undefined) return withJson([frameKind.refusal], refused);
  if (taken !== undefined) return takenOf(taken);
  for (const [name, kind] of Object.entries(signs)) {
    if (text[name] === true) return Uint8Array.of(kind);
  }
  return text.re === undefined ? memberFrame(text) : answerFrame(text);
}

function memberFrame(text: FrameText): Uint8Array {
  const verb = verbs.find((each) => text[each] !== undefined);
  if (verb === undefined) throw malformed('a line has neither a verb nor `re`');
  const type = typeOfName(text[verb]);
  if (type === undefined) throw malformed(`${verb} has no name as com.example.x/1.member`);
  const format = formatOf(verbKinds[verb], codecNumber.json, flag.expectsAnswer);
  const id = verb === 'emit' ? 1 : text.id;
  const payload = verb === 'call' ? (text.args ?? {}) : (text.value ?? null);
  const kind = text.newest === true ? frameKind.newest : frameKind.message;
  return message(kind, type, format, id, 0, payload, metadataOf(text));
}

function answerFrame(text: FrameText): Uint8Array {
  const [name, kind] = answers.find(([each]) => text[each] !== undefined) ?? [];
  if (name === undefined || kind === undefined) throw malformed('a line with `re` says nothing');
  const flags =
    (text.from === 'caller' ? flag.fromCaller : 0) | (text.starved === true ? flag.starved : 0);
  // Only a caller cancels.
  const all = kind === answerKind.cancel ? flags | flag.fromCaller : flags;
  const isCredit = kind === answerKind.credit;
  const format = formatOf(kind, codecNumber.json, all);
  const payload = isCredit || kind === answerKind.cancel ? null : text[name];
  const metadata = isCredit ? metadataOf(text) : undefined;
  return message(frameKind.message, answerType.id, format, 1, text.re, payload, metadata);
}

function metadataOf({ timeout, credit }: FrameText): Uint8Array | undefined {
  const [creditItems, creditBytes] = (Array.isArray(credit) ? credit : [0, 0]) as unknown[];
  return writeMetadata({
    deadline: timeout === undefined ? undefined : count('timeout', timeout),
    creditItems: count('credit', creditItems),
    creditBytes: count('credit', creditBytes),
    attempt: 0,
    trace: undefined,
  });
}

function count(name: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff_ffff) {
    return value as number;
  }
  throw malformed(`${name} is no whole number`);
}

function message(
  kind: number,
  type: string,
  format: number,
  id: unknown,
  replyTo: unknown,
  payload: unknown,
  metadata: Uint8Array | undefined,
): Uint8Array {
  for (const each of [id, replyTo]) {
    if (!Number.isSafeInteger(each) || (each as number) < 0) throw malformed('`id` is no number');
  }
  const content = new TextEncoder().encode(JSON.stringify(payload));
  const size = metadata?.length ?? 0;
  const frame = new Uint8Array(messageHead + size + content.length);
  const view = new DataView(frame.buffer);
  frame[0] = kind;
  frame[1] = size;
  view.setUint16(2, format, true);
  view.setBigUint64(4, BigInt(id as number), true);
  view.setBigUint64(12, BigInt(replyTo as number), true);
  frame.set(bytesOfType(type), 20);
  if (metadata !== undefined) frame.set(metadata, messageHead);
  frame.set(content, messageHead + size);
  return frame;
}

function takenOf(name: unknown): Uint8Array {
  const type = typeOfName(name);
  if (type === undefined) throw malformed('taken has no name');
  const frame = new Uint8Array(20);
  frame[0] = frameKind.taken;
  frame.set(bytesOfType(type), 4);
  return frame;
}

function withJson(head: readonly number[], value: unknown): Uint8Array {
  const content = new TextEncoder().encode(JSON.stringify(membersOf(value)));
  const frame = new Uint8Array(head.length + content.length);
  frame.set(head);
  frame.set(content, head.length);
  return frame;
}
