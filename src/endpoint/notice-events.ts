// Makes events and errors of the native side's notices.
import {
  type BusError,
  type BusErrorFacts,
  codeOf,
  errorFromStatus,
  OutOfMemoryError,
} from '../errors/index.js';
import { type BoxTable, decodePayload, uuidText } from '../messages/index.js';
import type { Notice } from '../native/addon.js';
import type { ControllerEvent, UndeliveredEvent, ViolationEvent } from './events.js';
import type { Members } from './members.js';

/** The event for a message that came back. */
export function undeliveredEvent(
  notice: Extract<Notice, { kind: 'undelivered' }>,
  box: BoxTable,
): UndeliveredEvent {
  const id = uuidText(notice.type);
  const entry = box.find(id);
  const { payload: bytes, metadata, format } = notice;
  let payload: unknown = bytes;
  try {
    if (entry !== undefined) {
      payload = decodePayload(entry, bytes, 0, bytes.length, format, notice.peerId);
    }
  } catch {
    // The type's codec cannot read what it wrote: the event gets the raw bytes.
  }
  return {
    type: entry?.key ?? id,
    payload,
    id: notice.messageId,
    metadata: metadata.length === 0 ? undefined : new Uint8Array(metadata),
    peerId: notice.peerId === 0 ? undefined : notice.peerId,
    reason: codeOf(notice.reason),
  };
}

/**
 * The error of an endpoint that cannot go on: the bus refused it, or its next message does not fit
 * into memory.
 */
export function shutOutError(
  notice: Extract<Notice, { kind: 'refused' | 'outOfMemory' }>,
  facts: BusErrorFacts,
): BusError {
  if (notice.kind === 'outOfMemory') {
    return new OutOfMemoryError(`no memory for a message of ${notice.bytes} bytes`, facts);
  }
  const { osCode, syscall, path, advice } = notice;
  return errorFromStatus(notice.status, { ...facts, osCode, syscall, path, advice });
}

/** The event for another controller. */
export function controllerEvent(
  { generation, controllerId, self, gapMs }: Extract<Notice, { kind: 'controller' }>,
  members: Members,
): ControllerEvent {
  // The controller of this change; it may have changed again since.
  return { generation, peer: members.withId(controllerId), self, gapMs };
}

/** The event for a peer that broke the protocol. */
export function violationEvent(
  { peerId, pid, status }: Extract<Notice, { kind: 'violation' }>,
  facts: BusErrorFacts,
): ViolationEvent {
  return { peer: { id: peerId, pid }, error: errorFromStatus(status, { ...facts, peerId }) };
}
