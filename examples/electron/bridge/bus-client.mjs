// The page's side of the bridge: the bus as a page sees it. Uses nothing of Node or Electron.
import { listen } from './port.mjs';

/**
 * Messages in flight to the page. A busy page gets no more, and its endpoint's senders feel the
 * back-pressure.
 */
const room = 4;

export class BusClient {
  #port;
  #next = 1;
  #sending = new Map();
  #came = [];
  #waiting = undefined;
  #closed = false;
  /** Called with the bridge's reason when it refuses a message of this page. */
  onRefused = (reason) => console.warn(reason);

  /** @param {any} port a MessagePort, the page's own from now on */
  constructor(port) {
    this.#port = port;
    listen(
      port,
      (data) => this.#take(data),
      () => this.close(),
    );
    port.postMessage({ kind: 'want', count: room });
  }

  /**
   * Resolves with the number of receivers; rejects if the message was not sent.
   * @param {string} to a name that the bridge lets this page use
   * @param {unknown} payload
   */
  send(to, payload) {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new Error('the bridge is closed');
      const id = this.#next++;
      this.#sending.set(id, { resolve, reject });
      this.#port.postMessage({ kind: 'send', id, to, payload });
    });
  }

  /**
   * The received messages: payload, from (id and label), and regions as Uint8Arrays of the page's
   * own.
   */
  async *[Symbol.asyncIterator]() {
    for (;;) {
      if (this.#came.length === 0) {
        if (this.#closed) return;
        await new Promise((resolve) => {
          this.#waiting = resolve;
        });
        continue;
      }
      yield this.#came.shift();
      // The page has used the previous message.
      if (!this.#closed) this.#port.postMessage({ kind: 'want', count: 1 });
    }
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#port.close();
    for (const { reject } of this.#sending.values()) reject(new Error('the bridge is closed'));
    this.#sending.clear();
    this.#waiting?.();
  }

  #take(data) {
    if (data.kind === 'message') {
      this.#came.push(data);
      this.#waiting?.();
      return;
    }
    const sending = this.#sending.get(data.id);
    if (sending === undefined) return this.onRefused(data.reason);
    this.#sending.delete(data.id);
    if (data.kind === 'sent') sending.resolve(data.receivers);
    else sending.reject(new Error(data.reason));
  }
}
