// Receives the callbacks of the native side. join() waits here for the outcome before the endpoint
// is open, and close() for the last notice.
import type { Notice, OnMessages, OnNotices } from '../native/addon.js';

/** Passes the notices and messages of one endpoint to their current handlers. */
export class NoticeBoard {
  #onNotice: ((notice: Notice) => void) | undefined;
  #onMessages: OnMessages | undefined;
  #onJoin: ((notice: Extract<Notice, { kind: 'joined' | 'refused' }>) => void) | undefined;
  #onClosed: ((abandoned: number) => void) | undefined;
  /** Notices that wait until settled promises have called back. */
  #held: Notice[] | undefined;

  /** Called by the native side. */
  readonly receiveNotices: OnNotices = (notices) => {
    // The senders of a batch are about the messages that follow at once.
    if (this.#held === undefined || notices[0]?.kind === 'senders') this.#passAll(notices);
    else this.#held.push(...notices);
  };

  /** Called by the native side. */
  readonly receiveMessages: OnMessages = (count, large, block) =>
    this.#onMessages?.(count, large, block) ?? 0;

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

  // A promise about a peer settles before `peer` says that the peer has left.
  #passAll(notices: readonly Notice[]): void {
    let settled = false;
    for (const [index, notice] of notices.entries()) {
      if (settled && notice.kind === 'peers' && notice.left.length > 0) {
        this.#hold(notices.slice(index));
        return;
      }
      settled ||= notice.kind === 'delivered' || notice.kind === 'room';
      this.#pass(notice);
    }
  }

  // A tick that a microtask asks for comes after all microtasks, those that they add included.
  #hold(notices: Notice[]): void {
    this.#held = notices;
    queueMicrotask(() => {
      process.nextTick(() => {
        this.#held = undefined;
        this.#passAll(notices);
      });
    });
  }

  #pass(notice: Notice): void {
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

  /**
   * Calls `close`, and resolves with the number of abandoned messages once the endpoint has ended.
   */
  closed(close: () => void): Promise<number> {
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      close();
    });
  }
}
