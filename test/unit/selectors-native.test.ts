// The shared vectors against the evaluator in use, the native one.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { addon } from '../../dist/native/addon.js';
import { anyone, label, nobody } from '../../dist/selector/index.js';

interface Vectors {
  readonly valid: readonly {
    readonly text: string;
    readonly program: string;
    readonly cases: readonly { label: readonly string[]; id: number; matches: boolean }[];
  }[];
  readonly invalid: readonly { readonly program: string; readonly why: string }[];
}

const file = new URL('../../test/vectors/selectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;

test('programs match what they should', (t) => {
  for (const { text, program, cases } of vectors.valid) {
    for (const { label, id, matches } of cases) {
      const found = addon.evaluateSelector(Buffer.from(program, 'hex'), id, label);
      t.is(found, matches, `${text} on [${label}] #${id}`);
    }
  }
});

test('invalid programs are refused with a status', (t) => {
  for (const { program, why } of vectors.invalid) {
    const found = addon.evaluateSelector(Buffer.from(program, 'hex'), 1, []);
    t.is(typeof found, 'number', why);
  }
});

test('what the functions build is what the evaluator understands', (t) => {
  const match = (expression: { program: Uint8Array }, ...strings: string[]) =>
    addon.evaluateSelector(expression.program, 1, strings);
  t.true(match(anyone));
  t.false(match(nobody));
  const expression = label('a').and(label('b').or('c')).and(label('d').not());
  t.true(match(expression, 'a', 'c'));
  t.false(match(expression, 'a'));
  t.false(match(expression, 'a', 'b', 'd'));
});
