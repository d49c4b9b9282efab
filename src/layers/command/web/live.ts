// What the page shows of a bus: its members and the rates between them, and messages as they go by.
// An observer sees them, so no member waits for a page.
import type { GatewayExchange } from '../../gateway/index.js';
import { look } from '../bus/look.js';
import { memberRows, ownLabels } from '../bus/member-rows.js';
import type { ChosenBus } from '../bus/which-bus.js';
import type { Output } from '../usage.js';
import { lossOf, Seeing } from '../watch/seen.js';
import { watching } from '../watch/watching.js';
import { parseWhere } from '../watch/where.js';
import { LinkCounts } from './link-counts.js';

/** Milliseconds between two pictures. */
const every = 1000;
/** Messages a second that a page is sent; the others are counted. */
const mostMessages = 200;

/** Members with their states, and links with their rates, once a second until the reader leaves. */
export async function live(
  exchange: GatewayExchange,
  bus: ChosenBus,
  output: Output,
): Promise<void> {
  const observer = await look(bus, output, { payloadBytes: 0 });
  const counts = new LinkCounts();
  const counting = (async () => {
    for await (const seen of observer) counts.see(seen);
  })();
  try {
    const answer = exchange.stream('lines');
    let wake: () => void = () => undefined;
    answer.onClose(() => wake());
    for (;;) {
      const members = memberRows(observer, observer.peers).map((row) => ({
        ...row,
        name: ownLabels(row.label).join(', '),
      }));
      const { name } = bus;
      const picture = { bus: name, members, ...counts.take() };
      if (!(await answer.write(`${JSON.stringify(picture)}\n`)) || observer.closed) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, every);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (answer.over) break;
    }
    answer.end();
  } finally {
    await observer.close();
    await counting;
  }
}

/** Messages, decoded by what servers describe. `match`, `type` and `where` narrow them down. */
export async function tap(
  exchange: GatewayExchange,
  bus: ChosenBus,
  output: Output,
): Promise<void> {
  const { query } = exchange.target;
  const text = (name: string) => query.get(name) || undefined;
  const where = text('where');
  const wanted = where === undefined ? () => true : parseWhere(where);
  const type = text('type');
  const options = type === undefined ? {} : { type: [type] };
  const { observer, types, servers } = await watching(bus, text('match'), options, output);
  try {
    await servers.learnFrom(observer);
    const seeing = new Seeing(types, query.get('redact') === 'true');
    const answer = exchange.stream('lines');
    answer.onClose(() => void observer.close());
    const pace = new Pace();
    for await (const seen of observer) {
      if (seen.kind === 'lost') {
        if (!(await answer.write(`${JSON.stringify(lossOf(seen))}\n`))) break;
        continue;
      }
      servers.learnLater(observer, types.get(seen.typeId) === undefined);
      const { value, ...message } = seeing.see(seen);
      if (!wanted(value, message)) continue;
      const skipped = pace.take();
      if (skipped === undefined) continue;
      const note = skipped === 0 ? '' : `${JSON.stringify({ kind: 'skipped', count: skipped })}\n`;
      if (!(await answer.write(`${note}${JSON.stringify(message)}\n`))) break;
    }
    answer.end();
  } finally {
    await observer.close();
  }
}

/** So many messages a second, and no more. */
class Pace {
  #since = performance.now();
  #count = 0;
  #skipped = 0;

  /** How many were left out before this one; `undefined` if this one is left out, too. */
  take(): number | undefined {
    const now = performance.now();
    if (now >= this.#since + 1000) {
      this.#since = now;
      this.#count = 0;
    }
    if (++this.#count > mostMessages) {
      this.#skipped++;
      return undefined;
    }
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }
}
