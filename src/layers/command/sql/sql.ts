// The command `sql`: runs statements of a database that is served on a bus, or shows what changes.
import { text as wholeText } from 'node:stream/consumers';
import {
  connectDatabase,
  type Database,
  type SqlColumn,
  SqlError,
  type SqlInput,
  type SqlResult,
  type SqlValue,
  sql as statement,
} from '../../sql/index.js';
import { chosenBus } from '../bus/which-bus.js';
import { exitCode, Failure } from '../failure.js';
import { formOf, printRows } from '../table.js';
import {
  numberOf,
  type OptionValues,
  type Output,
  type Run,
  textOf,
  UsageError,
} from '../usage.js';

/** Milliseconds for a statement, unless --timeout says otherwise. */
const defaultTimeout = 5000;

/** Runs one statement with values, a script from standard input, or watches tables. */
export const sql: Run = async ([label = '', text, ...values], options, output) => {
  const watched = textOf(options, 'watch');
  if (watched !== undefined && text !== undefined) {
    throw new UsageError('--watch takes no statement');
  }
  if (watched === undefined && text === undefined && process.stdin.isTTY === true) {
    throw new UsageError('give a statement, or a script on standard input');
  }
  const { name, token } = chosenBus(options, output);
  const timeout =
    textOf(options, 'timeout') === undefined ? defaultTimeout : numberOf(options, 'timeout');
  const bus = { name, token, controllerAffinity: false };
  const db = await connectDatabase(bus, label, {
    ...(timeout === undefined ? {} : { timeout }),
    readOnly: options['read-only'] === true,
  });
  try {
    if (watched !== undefined) return await watch(db, watched.split(','), options, output);
    const results =
      text === undefined
        ? await db.script(await wholeText(process.stdin), { signal: output.interrupted })
        : [await one(db, text, values, output)];
    for (const result of results) print(result, options, output);
    return exitCode.ok;
  } catch (error) {
    if (output.interrupted.aborted) return exitCode.interrupted;
    if (error instanceof SqlError) throw new Failure(exitCode.failed, `${error.message}`);
    throw error;
  } finally {
    await db.close();
  }
};

function one(
  db: Database,
  text: string,
  values: readonly string[],
  output: Output,
): Promise<SqlResult> {
  return db.execute(statement(text, values.map(parameterOf)), { signal: output.interrupted });
}

/** A word of the command line: a number or null if it is spelled as one, else a text. */
function parameterOf(word: string): SqlInput {
  if (word === 'null') return null;
  if (/^-?\d{1,19}$/.test(word)) return BigInt(word);
  if (/^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(word)) return Number(word);
  return word;
}

function print(result: SqlResult, options: OptionValues, output: Output): void {
  const form = formOf(options, output);
  if (result.columns.length === 0) {
    const { changes } = result;
    if (form === 'json') output.print(JSON.stringify({ changes }));
    else if (form === 'table') output.complain(`${changes} rows changed`);
    return;
  }
  if (form === 'json') {
    for (const row of result.rows) {
      const shown = Object.entries(row).map(([name, value]) => [name, jsonOf(value)]);
      output.print(JSON.stringify(Object.fromEntries(shown)));
    }
    return;
  }
  const columns = result.columns.map(({ name }: SqlColumn, at) => ({
    title: name,
    text: (row: readonly SqlValue[]) => textOfValue(row[at] ?? null),
    elastic: true,
  }));
  printRows(output, form, columns, result.arrays);
}

/** Integers beyond 53 bits as digits, blobs as base64. */
function jsonOf(value: SqlValue): string | number | null {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

function textOfValue(value: SqlValue): string {
  if (value === null) return '';
  return value instanceof Uint8Array ? `x'${Buffer.from(value).toString('hex')}'` : String(value);
}

async function watch(
  db: Database,
  tables: readonly string[],
  options: OptionValues,
  output: Output,
): Promise<number> {
  const left = textOf(options, 'count') === undefined ? undefined : numberOf(options, 'count');
  let count = left ?? Number.POSITIVE_INFINITY;
  const form = formOf(options, output);
  for await (const item of db.watch(tables, { signal: output.interrupted })) {
    const rows = item.changes.map(({ table, kind, rowid }) => ({
      ...{ commit: item.commit, table, kind },
      rowid: rowid === undefined ? null : Number(rowid),
    }));
    printRows(
      output,
      form === 'table' ? 'tabs' : form,
      (['commit', 'table', 'kind', 'rowid'] as const).map((title) => ({
        title,
        text: (row: (typeof rows)[number]) => String(row[title] ?? ''),
      })),
      rows.slice(0, count),
    );
    count -= rows.length;
    if (count <= 0) break;
  }
  return exitCode.ok;
}
