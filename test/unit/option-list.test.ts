// The lists of options and limits: the mirrors have what is compiled into the addon, and the
// documentation states the same numbers.
import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { limits } from '../../dist/limits.js';
import { addon } from '../../dist/native/addon.js';
import { type NumberOption, numberOptions } from '../../dist/option-list.js';

const textOf = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const rows = Object.entries<NumberOption>(numberOptions);

test('the options that are compiled into the addon are those of the package', (t) => {
  t.deepEqual(
    addon.optionList.map(([name, , ...row]) => [name, ...row]),
    rows.map(([name, { unit, byDefault, least, most }]) => [name, unit, byDefault, least, most]),
  );
});

test('the limits that are compiled into the addon are those of the package', (t) => {
  t.deepEqual({ ...addon.limits }, { ...limits });
});

/** A value as the documentation writes it: `512 KiB`, `4 GiB - 1`, `65,536`. */
function words(value: number, unit: string): string {
  if (unit !== 'bytes' || value < 1024) return value.toLocaleString('en-US');
  for (const [power, name] of [
    [40, 'TiB'],
    [30, 'GiB'],
    [20, 'MiB'],
    [10, 'KiB'],
  ] as const) {
    if (value % 2 ** power === 0) return `${value / 2 ** power} ${name}`;
  }
  return `${words(value + 1, unit)} - 1`;
}

/** A row in the unit of its documentation. */
function documented(name: string, row: NumberOption) {
  const scale = name === 'drainBudget' ? 1000 : 1;
  const show = (value: number) => words(value / scale, row.unit);
  return { byDefault: show(row.byDefault), least: show(row.least), most: show(row.most) };
}

/** Comments and the names that they document. */
function comments(text: string, field: RegExp): Map<string, string> {
  const found = text.matchAll(
    new RegExp(String.raw`/\*((?:(?!\*/)[\s\S])*)\*/\s*${field.source}`, 'g'),
  );
  return new Map(
    [...found].map(([, comment = '', name = '']) => [name, comment.replace(/[\s*]+/g, ' ').trim()]),
  );
}

for (const [language, text, field, nameIn] of [
  ['TypeScript', textOf('src/join-options.ts'), /readonly (\w+)\?:/, 0],
  ['C', textOf('native/ffi/include/busbar.h'), /(?:u?int\d+_t|size_t) (\w+);/, 1],
] as const) {
  test(`${language} documents each option with its default and its range`, (t) => {
    const texts = comments(text, field);
    for (const row of addon.optionList) {
      const name = row[nameIn];
      if (name === null) continue;
      const comment = texts.get(name) ?? '';
      const shown = documented(row[0], numberOptions[row[0] as keyof typeof numberOptions]);
      t.regex(comment, new RegExp(`Default: ${shown.byDefault}[.,]`), name);
      if (!/ to \d/.test(comment)) continue;
      const range = `${shown.least} to ${shown.most}`;
      t.true(
        comment.includes(range) || comment.includes(`up to ${shown.most}`),
        `${name}: ${range}`,
      );
    }
  });
}

test('the guide states the defaults', (t) => {
  const folder = new URL('../../docs/guide/', import.meta.url);
  const mention = /`(\w+)`[^`|]{0,30}?[ (]([\d.,]+(?: [KMG]iB)?)(?: ms)?(?: by default|\))/g;
  let found = 0;
  for (const page of readdirSync(folder)) {
    const text = readFileSync(new URL(page, folder), 'utf8').replace(/\s+/g, ' ');
    for (const [whole, name = '', value] of text.matchAll(mention)) {
      const row = rows.find(([known]) => known === name)?.[1];
      if (row === undefined) continue;
      found++;
      t.is(value, documented(name, row).byDefault, `${page}: ${whole}`);
    }
  }
  t.true(found >= 10);
});
