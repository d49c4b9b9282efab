// A journal for the page's player: from where to where it reaches, and its entries in order.
import { type GatewayExchange, Refusal } from '../../gateway/index.js';
import { entryToJson, openJournalReader } from '../../journal/index.js';

/** Entries that one request gets. */
const mostEntries = 1000;

/** `/look/journal` says what there is, `/look/journal/entries?from=…` reads on from a position. */
export async function journal(
  exchange: GatewayExchange,
  folder: string | undefined,
): Promise<void> {
  if (folder === undefined) {
    exchange.json(200, { folder: null });
    return;
  }
  const { segments, query } = exchange.target;
  await using log = await openJournalReader(folder);
  if (segments[2] === undefined) {
    exchange.json(200, { folder, start: await log.start(), end: await log.end() });
    return;
  }
  const from = Number(query.get('from') ?? 1);
  if (segments[2] !== 'entries' || !Number.isSafeInteger(from) || from < 1) {
    throw new Refusal('BAD_REQUEST', 'expected /look/journal/entries?from= with a position');
  }
  const answer = exchange.stream('lines');
  let count = 0;
  for await (const entry of log.read({ from })) {
    const line = `${JSON.stringify(entryToJson(entry))}\n`;
    if (!(await answer.write(line)) || ++count === mostEntries) break;
  }
  answer.end();
}
