// Names as tokens of brokers: every name has one token, and every token one name at most.
import test from 'ava';
import fc from 'fast-check';
import { nameCoding } from '../../dist/layers/bridge/index.js';

const coding = nameCoding();

test('letters, digits, hyphens and underscores stay, all other bytes become hexadecimal', (t) => {
  t.is(coding.encode('Az09_-'), 'Az09_-');
  t.is(coding.encode('com.example move'), 'com%2Eexample%20move');
  t.is(coding.encode('*>%+#/$'), '%2A%3E%25%2B%23%2F%24');
  t.is(coding.encode('ä'), '%C3%A4');
  t.is(coding.encode(''), '%');
});

test('every well-formed name comes back', (t) => {
  t.plan(1);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const token = coding.encode(name);
      return coding.decode(token) === name && /^[A-Za-z0-9_%-]+$/.test(token);
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('a token that no name has means nothing', (t) => {
  for (const token of [
    '',
    'a.b',
    'a b',
    '%2e',
    '%41',
    '%4',
    '%%',
    '%zz',
    'ä',
    '%C3',
    '%ED%A0%80',
  ]) {
    t.is(coding.decode(token), undefined, token);
  }
});

test('two tokens never have the same name', (t) => {
  t.plan(1);
  const unit = fc.constantFrom(...'aZ5%_-.2EC3A4');
  fc.assert(
    fc.property(fc.string({ unit }), (token) => {
      const name = coding.decode(token);
      return name === undefined || coding.encode(name) === token;
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

test('what is safe is chosen with the coding, except for the percent sign', (t) => {
  const wide = nameCoding('abc.%');
  t.is(wide.encode('a.b%d'), 'a.b%25%64');
  t.is(wide.decode('a.b%25%64'), 'a.b%d');
  t.is(wide.decode('a.b%'), undefined);
});

test('a name that is no text is refused', (t) => {
  t.throws(() => coding.encode('\ud800'), { code: 'ERR_BUSBAR_INVALID_ARGUMENT' });
  t.throws(() => coding.encode(7 as never), { code: 'ERR_BUSBAR_INVALID_ARGUMENT' });
});
