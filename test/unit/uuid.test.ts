// UUIDs as text, beside the package `uuid`, and SHA-1 beside Node's.
import { createHash } from 'node:crypto';
import test from 'ava';
import * as fc from 'fast-check';
import { v5, validate } from 'uuid';
import { sha1 } from '../../dist/base/sha1.js';
import { isUuid, nameUuid } from '../../dist/base/uuid.js';

const namespace = '034f1c99-ce3f-46d5-b0cd-c96b1f261975';

test('names become the UUIDs of version 5', (t) => {
  const property = fc.property(fc.string({ unit: 'grapheme' }), fc.uuid(), (name, space) => {
    t.is(nameUuid(name, space), v5(name, space));
  });
  void fc.assert(property, { examples: [['', namespace]] });
});

test('half a character in a name counts as the sign for what is not known', (t) => {
  t.is(nameUuid('a\ud83d', namespace), nameUuid('a\ufffd', namespace));
});

test('which texts are UUIDs', (t) => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF-g'), maxLength: 38 });
  const almost = fc
    .tuple(fc.uuid(), fc.nat(35), fc.constantFrom(...'0189abfF-g'))
    .map(([uuid, at, sign]) => uuid.slice(0, at) + sign + uuid.slice(at + 1));
  const special = ['0', 'f', 'F', '1'].map((sign) => namespace.replace(/[\da-f]/g, sign));
  void fc.assert(
    fc.property(fc.oneof(fc.uuid(), almost, digits), (text) => t.is(isUuid(text), validate(text))),
    { numRuns: 1000, examples: [...special, `${namespace}\n`, ''].map((text) => [text]) },
  );
});

test('SHA-1 of each length around the size of a block', (t) => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 167 + length) & 0xff);
    t.deepEqual([...sha1(bytes)], [...createHash('sha1').update(bytes).digest()]);
  }
});
