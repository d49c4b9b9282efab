// Signals and properties at their server: subscriptions, values and their versions.
import type { Shape } from '../../interface/entry-values.js';
import { closeFrame } from '../coding.js';
import type { IncomingFrame } from '../port.js';
import { answerCodecOf, answerKind, formatOf } from '../wire/format.js';
import { versionOfWire, versionToWire } from '../wire/version.js';
import type { CallerRecord } from './caller-record.js';
import type { Handler, RemoteMember } from './handler.js';
import type { Replies } from './replies.js';
import type { RunningCall } from './running-call.js';
import { layerError } from './write-error.js';

/** Adds a subscription. The answer says that it is in force, and has the value of a property. */
export function subscribe(
  replies: Replies,
  record: CallerRecord<RunningCall>,
  handler: Handler<RunningCall>,
  frame: IncomingFrame,
): void {
  if (record.subscriptions.has(frame.id)) return;
  const codec = answerCodecOf(frame.format);
  if (handler.remote !== undefined) {
    record.subscriptions.set(frame.id, handler);
    handler.subscribers.add(record.peer);
    handler.remote.subscribe(record.peer, frame.id, codec);
    return;
  }
  let payload: unknown = null;
  if (handler.property !== undefined) {
    payload = versionedOf(replies, handler, codec);
    if (payload === undefined) {
      const error = layerError('INVALID_RESULT', `${handler.member.name} has no valid value`);
      replies.answers.answer(record.peer, frame.id, formatOf(answerKind.error, codec), error);
      return;
    }
  }
  record.subscriptions.set(frame.id, handler);
  handler.subscribers.add(record.peer);
  replies.answers.answer(record.peer, frame.id, formatOf(answerKind.item, codec), payload);
}

/** Answers with the value of a property; returns a promise if it has to be asked for. */
export function getProperty(replies: Replies, call: RunningCall): Promise<void> | undefined {
  closeFrame(call.frame);
  const { remote } = call.handler;
  if (remote !== undefined) return getRemote(replies, call, remote);
  const payload = versionedOf(replies, call.handler, call.codec);
  if (payload === undefined) {
    const { name } = call.handler.member;
    replies.fail(call, layerError('INVALID_RESULT', `${name} has no valid value`));
    return undefined;
  }
  replies.answer(call, answerKind.result, payload, undefined);
  return undefined;
}

async function getRemote(
  replies: Replies,
  call: RunningCall,
  remote: RemoteMember<RunningCall>,
): Promise<void> {
  const { codec, handler } = call;
  try {
    const { value, version } = await remote.read(call);
    const wire = replies.encoder.encode(handler.member.args as Shape, value, codec);
    const payload = { value: wire, version: versionToWire(version, codec) };
    replies.answer(call, answerKind.result, payload, undefined);
  } catch (thrown) {
    replies.failWith(call, thrown);
  }
}

/** Sets a property for a client. */
export async function setProperty(replies: Replies, call: RunningCall): Promise<void> {
  const { handler } = call;
  const { member, property, service, remote } = handler;
  const isKept = property !== undefined || remote !== undefined;
  let value: unknown;
  let ifVersion: unknown;
  try {
    if (!isKept || !member.writable || member.args === undefined) {
      throw new TypeError(`${member.name} is read-only`);
    }
    const wire = call.frame.read() as { readonly value?: unknown; readonly ifVersion?: unknown };
    if (typeof wire !== 'object' || wire === null) throw new TypeError('expected { value }');
    // Other languages write null for none; what is no version matches none.
    ifVersion = wire.ifVersion ?? undefined;
    if (ifVersion !== undefined) ifVersion = versionOfWire(ifVersion) ?? Number.NaN;
    value = member.args.decode(wire.value, undefined, call.codec === 1 ? 'json' : 'messagepack');
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    replies.fail(call, layerError('INVALID_ARGUMENT', text));
    return;
  }
  let version: number;
  try {
    if (conflicts(handler, ifVersion)) {
      replies.fail(call, conflict(handler));
      return;
    }
    const accepted = await service.acceptValue(handler, value, call);
    if (remote !== undefined) {
      version = await remote.write(accepted, ifVersion as number | undefined, call);
    } else {
      // It may have been set by others meanwhile.
      if (conflicts(handler, ifVersion)) {
        replies.fail(call, conflict(handler));
        return;
      }
      version = service.setProperty(handler, accepted);
    }
  } catch (thrown) {
    replies.failWith(call, thrown);
    return;
  }
  replies.answer(
    call,
    answerKind.result,
    { version: versionToWire(version, call.codec) },
    undefined,
  );
}

// Of a property that is kept elsewhere only what is no version is known not to match.
function conflicts({ property, remote }: Handler<RunningCall>, ifVersion: unknown): boolean {
  if (ifVersion === undefined) return false;
  return remote === undefined ? ifVersion !== property?.version : Number.isNaN(ifVersion);
}

function conflict({ member, property }: Handler<RunningCall>) {
  const now = property === undefined ? 'another version' : `version ${property.version}`;
  return layerError('CONFLICT', `${member.name} has ${now} by now`);
}

function versionedOf(replies: Replies, handler: Handler<RunningCall>, codec: number): unknown {
  const { member, property } = handler;
  if (property === undefined || member.args === undefined) return undefined;
  try {
    const value = replies.encoder.encode(member.args, property.value, codec);
    return { value, version: versionToWire(property.version, codec) };
  } catch {
    return undefined;
  }
}
