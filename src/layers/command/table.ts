// Rows for people, for programs that split at tabs, and for those that read JSON.
import { clean, cut, pad, widthOf } from './text.js';
import type { OptionValues, Output } from './usage.js';

/** A column of a table. */
export interface Column<T> {
  readonly title: string;
  /** The text of a row's cell. */
  readonly text: (row: T) => string;
  readonly right?: boolean;
  /** Whether it gives way where the terminal is too narrow for all columns. */
  readonly elastic?: boolean;
}

/** How results are written. */
export type Form = 'table' | 'tabs' | 'json';

/** The form that was asked for: JSON by option, a table in a terminal, else fields between tabs. */
export function formOf(options: OptionValues, output: Output): Form {
  if (options.json === true) return 'json';
  return output.terminal() === undefined ? 'tabs' : 'table';
}

/** Writes rows: a table with a head in a terminal, lines without one where output is piped. */
export function printRows<T extends object>(
  output: Output,
  form: Form,
  columns: readonly Column<T>[],
  rows: readonly T[],
): void {
  if (form === 'json') {
    for (const row of rows) output.print(JSON.stringify(row));
  } else if (form === 'tabs') {
    for (const row of rows) output.print(columns.map(({ text }) => clean(text(row))).join('\t'));
  } else if (rows.length > 0) {
    const width = output.terminal()?.columns ?? 80;
    for (const [index, line] of tableOf(columns, rows, width).entries()) {
      output.print(index === 0 && output.colour ? `\u001b[1m${line}\u001b[22m` : line);
    }
  }
}

/** The lines of a table, its head first, none wider than `width`. */
export function tableOf<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  width: number,
): string[] {
  const cells = rows.map((row) => columns.map(({ text }) => clean(text(row))));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((row) => widthOf(row[index] ?? ''))),
  );
  shrink(columns, widths, width);
  const line = (texts: readonly string[]) => {
    const parts = texts.map((text, index) => {
      const most = widths[index] ?? 0;
      return pad(cut(text, most), most, columns[index]?.right === true);
    });
    return cut(parts.join('  ').trimEnd(), width);
  };
  return [line(columns.map(({ title }) => title)), ...cells.map(line)];
}

/** Takes columns from the elastic ones, the widest first, until all fit. */
function shrink(columns: readonly { elastic?: boolean }[], widths: number[], width: number): void {
  const least = 6;
  let excess = widths.reduce((sum, each) => sum + each + 2, -2) - width;
  while (excess > 0) {
    let widest = -1;
    for (const [index, { elastic }] of columns.entries()) {
      if (elastic !== true || (widths[index] ?? 0) <= least) continue;
      if (widest < 0 || (widths[index] ?? 0) > (widths[widest] ?? 0)) widest = index;
    }
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
}
