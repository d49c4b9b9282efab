// The bridge's side on the bus: an endpoint of the main process for one page. The page is not
// trusted: it can send only to the selectors that it was given, and everything that it sends is
// checked here.
import { listen } from './port.mjs';

/** The most messages that a page may request ahead. */
const mostCredit = 64;
/** The most messages of a page that may be in the middle of being sent. */
const mostSending = 64;

/**
 * Serves `port` until it or the endpoint is closed, then closes both. Resolves when that is done.
 * @param {import('busbar').Endpoint} endpoint the page's own; all messages that it receives go to
 * the page
 * @param {any} port
 * @param {{ mayReach: Readonly<Record<string, import('busbar').Selector>> }} options the selectors
 * that the page may use, by the page's names for them
 */
export async function serveBus(endpoint, port, { mayReach }) {
  const closed = new AbortController();
  let credit = 0;
  let sending = 0;
  let wake = () => {};

  const answers = {
    /** The page has room for `count` more messages. */
    want({ count }) {
      if (!Number.isInteger(count) || count < 1) throw new Error('count is no positive integer');
      credit = Math.min(credit + count, mostCredit);
      wake();
    },
    async send({ id, to, payload }) {
      if (!Object.hasOwn(mayReach, to)) return refuse(id, 'this page may not send there');
      if (sending === mostSending) return refuse(id, 'too many messages are being sent');
      sending++;
      try {
        const receivers = await endpoint.sendWhenReady(mayReach[to], payload, {
          signal: closed.signal,
        });
        port.postMessage({ kind: 'sent', id, receivers });
      } catch (error) {
        refuse(id, error.message);
      } finally {
        sending--;
      }
    },
  };

  function refuse(id, reason) {
    if (!closed.signal.aborted) port.postMessage({ kind: 'refused', id, reason });
  }

  async function onMessage(data) {
    try {
      if (typeof data !== 'object' || data === null || !Object.hasOwn(answers, data.kind))
        throw new Error('it is none that the bridge knows');
      await answers[data.kind](data);
    } catch (error) {
      refuse(undefined, `a message of the page is refused: ${error.message}`);
    }
  }

  const end = () => {
    closed.abort();
    wake();
  };
  listen(port, onMessage, end);
  endpoint.once('close', end);

  try {
    while (!closed.signal.aborted) {
      if (credit === 0) {
        await new Promise((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const message = await endpoint.recv({ signal: closed.signal });
      credit--;
      // A port cannot carry shared memory into a page, and Electron allows no view of it: copied
      // once.
      const regions = message.regions.map((region) => region.copy());
      const { id, label } = message.from;
      port.postMessage({ kind: 'message', payload: message.payload, from: { id, label }, regions });
      message.close();
    }
  } catch (error) {
    if (!closed.signal.aborted && !endpoint.closed) throw error;
  } finally {
    port.close();
    await endpoint.close();
  }
}
