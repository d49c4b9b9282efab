// Names in the spellings of other languages.
import { execFileSync } from 'node:child_process';
import test from 'ava';
import {
  camelCase,
  defineInterface,
  nameIn,
  pascalCase,
  shortName,
  snakeCase,
  wordsOf,
} from 'busbar/interface';
import fc from 'fast-check';
import ts from 'typescript';

test('names are split into words', (t) => {
  for (const [name, words, snake, pascal, camel] of [
    ['setTarget', 'set target', 'set_target', 'SetTarget', 'setTarget'],
    ['set_target', 'set target', 'set_target', 'SetTarget', 'setTarget'],
    ['SetTarget', 'set target', 'set_target', 'SetTarget', 'setTarget'],
    [
      'parseHTTPHeader',
      'parse http header',
      'parse_http_header',
      'ParseHttpHeader',
      'parseHttpHeader',
    ],
    ['ID', 'id', 'id', 'Id', 'id'],
    ['utf8Text', 'utf8 text', 'utf8_text', 'Utf8Text', 'utf8Text'],
    ['read-only', 'read only', 'read_only', 'ReadOnly', 'readOnly'],
    ['X2', 'x2', 'x2', 'X2', 'x2'],
    ['a__b_', 'a b', 'a_b', 'AB', 'aB'],
  ] as const) {
    t.is(wordsOf(name).join(' '), words);
    t.is(snakeCase(name), snake);
    t.is(pascalCase(name), pascal);
    t.is(camelCase(name), camel);
  }
  t.is(shortName(defineInterface('com.example.room-heater', '1.0', {})), 'RoomHeater');
});

test('every name has a spelling that is a name, and keeps it', (t) => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,20}$/), (name) => {
      t.regex(snakeCase(name), /^[a-z][a-z0-9_]*$/);
      t.is(snakeCase(snakeCase(name)), snakeCase(name));
      t.regex(pascalCase(name), /^[A-Z][A-Za-z0-9]*$/);
      t.is(pascalCase(name).toLowerCase(), snakeCase(name).replaceAll('_', ''));
    }),
    { numRuns: 2000 },
  );
});

test('names that a language keeps for itself get a _', (t) => {
  t.is(nameIn('typescript', 'delete'), 'delete_');
  t.is(nameIn('cpp', 'delete'), 'delete_');
  t.is(nameIn('python', 'delete'), 'delete');
  t.is(nameIn('python', 'from'), 'from_');
  t.is(nameIn('cpp', 'constructor'), 'constructor');
});

test('the reserved words of TypeScript are those that its compiler refuses', (t) => {
  const words = ts.SyntaxKind;
  for (let kind = words.FirstReservedWord; kind <= words.LastFutureReservedWord; kind++) {
    const word = ts.tokenToString(kind) ?? '';
    t.is(nameIn('typescript', word), `${word}_`);
  }
});

test('the reserved words of Python are those of its module keyword', (t) => {
  let words: string[];
  try {
    const list = 'import json, keyword; print(json.dumps(keyword.kwlist))';
    words = JSON.parse(execFileSync('python3', ['-c', list], { encoding: 'utf8' }));
  } catch {
    t.pass('skipped');
    t.log('skipped: needs python3');
    return;
  }
  t.true(words.length > 30);
  for (const word of words) t.is(nameIn('python', word), `${word}_`);
});
