// Receives the callbacks of the native side. join() waits here for the outcome before the endpoint
// is open, and close() for the last notice.
import type { Notice, OnMessages, OnNotices } from '../native/addon.js';

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
