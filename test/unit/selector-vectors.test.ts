// The shared vectors against the compiler; the C++ tests read the same vectors.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { parseLabelExpression } from '../../dist/selector/index.js';
import { evaluate } from './label-evaluator.js';

interface Vectors {
  readonly valid: readonly {
    readonly text: string;
    readonly program: string;
    readonly cases: readonly { label: readonly string[]; id: number; matches: boolean }[];
  }[];
  readonly invalid: readonly { readonly program: string; readonly why: string }[];
}

const folder = new URL('../../test/vectors/', import.meta.url);
const vectors = JSON.parse(readFileSync(new URL('selectors.json', folder), 'utf8')) as Vectors;

const hexOf = (text: string) => Buffer.from(text).toString('hex');

test('texts compile to the programs', (t) => {
  for (const { text, program } of vectors.valid) {
    t.is(Buffer.from(parseLabelExpression(text).program).toString('hex'), program, text);
  }
});

test('programs match what they should', (t) => {
  for (const { text, program, cases } of vectors.valid) {
    for (const { label, id, matches } of cases) {
      const found = evaluate(Buffer.from(program, 'hex'), label, id);
      t.is(found, matches, `${text} on [${label}] #${id}`);
    }
  }
});

test('invalid programs are refused', (t) => {
  for (const { program, why } of vectors.invalid) {
    t.throws(() => evaluate(Buffer.from(program, 'hex'), [], 1), undefined, why);
  }
});

test('selectors.txt was made from selectors.json', (t) => {
  const lines = readFileSync(new URL('selectors.txt', folder), 'utf8').split('\n');
  const expected = vectors.valid.flatMap(({ text, program, cases }) => [
    `program ${program}`,
    `text ${hexOf(text)}`,
    ...cases.map(({ label, id, matches }) =>
      ['case', matches ? 1 : 0, id, ...label.map(hexOf)].join(' '),
    ),
  ]);
  expected.push(...vectors.invalid.map(({ program, why }) => `invalid ${program || '-'} ${why}`));
  t.deepEqual(
    lines.filter((line) => line !== '' && !line.startsWith('#')),
    expected,
    'run node test/vectors/write-selectors-text.mjs',
  );
});
