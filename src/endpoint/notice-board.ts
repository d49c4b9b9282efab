// Receives the callbacks of the native side. join() waits here for the outcome before the endpoint
// is open, and close() for the last notice.
import {
  type BusError,
  type BusErrorFacts,
  errorFromStatus,
  OutOfMemoryError,
} from '../errors/index.js';
import { type BoxTable, decodePayload, uuidText } from '../messages/index.js';
import type { Notice, OnMessages, OnNotices } from '../native/addon.js';
import { codeOf } from './deliveries.js';
import type { UndeliveredEvent, ViolationEvent } from './events.js';

/** Passes the notices and messages of one endpoint to their current handlers. */
export class NoticeBoard {
  #onNotice: ((notice: Notice) => void) | undefined;
  #onMessages: OnMessages | undefined;
  #onJoin: ((notice: Extract<Notice, { kind: 'joined' | 'refused' }>) => void) | undefined;
  #onClosed: ((abandoned: number) => void) | undefined;

  /** Called by the native side. */
  readonly receiveNotices: OnNotices = (notices) => {
    for (const notice of notices) {
      if (notice.kind === 'closed') {
        this.#onClosed?.(notice.abandoned);
      } else if (this.#onJoin !== undefined) {
        if (notice.kind === 'joined' || notice.kind === 'refused') this.#onJoin(notice);
      } else if (notice.kind === 'controller' && notice.gapMs === 0) {
        // Comes with the join itself; the user saw no change.
      } else {
        this.#onNotice?.(notice);
      }
    }
  };

  /** Called by the native side. */
  readonly receiveMessages: OnMessages = (count, large) => this.#onMessages?.(count, large) ?? 0;

  /** Waits for the outcome of the join that `start` begins. */
  outcome(
    start: () => void,
    settle: (notice: Extract<Notice, { kind: 'joined' | 'refused' }>) => void,
  ): void {
    this.#onJoin = (notice) => {
      this.#onJoin = undefined;
      settle(notice);
    };
    start();
  }

  /** Passes everything to the endpoint from now on. */
  open(onNotice: (notice: Notice) => void, onMessages: OnMessages): void {
    this.#onNotice = onNotice;
    this.#onMessages = onMessages;
  }

  /**
   * Calls `close`, and resolves with the number of abandoned messages once the endpoint has ended.
   */
  closed(close: () => void): Promise<number> {
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      close();
    });
  }

  /** The event for a message that came back. */
  undelivered(notice: Extract<Notice, { kind: 'undelivered' }>, box: BoxTable): UndeliveredEvent {
    const id = uuidText(notice.type);
    const entry = box.entries.find((candidate) => candidate.type.id === id);
    const { payload: bytes, format } = notice;
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
      peerId: notice.peerId === 0 ? undefined : notice.peerId,
      reason: codeOf(notice.reason),
    };
  }
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

/** The event for a peer that broke the protocol. */
export function violationEvent(
  { peerId, pid, status }: Extract<Notice, { kind: 'violation' }>,
  facts: BusErrorFacts,
): ViolationEvent {
  return { peer: { id: peerId, pid }, error: errorFromStatus(status, { ...facts, peerId }) };
}
