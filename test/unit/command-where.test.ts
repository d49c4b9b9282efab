// The language of `tap --where`, the conditions of selectors, and text for terminals.
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test from 'ava';
import fc from 'fast-check';

const root = fileURLToPath(new URL('../../', import.meta.url));
const load = (file: string) => import(pathToFileURL(`${root}dist/layers/command/${file}.js`).href);

type Where = (payload: unknown, message: unknown) => boolean;
const { parseWhere } = (await load('watch/where')) as { parseWhere: (text: string) => Where };
const { conditionOf, spelled } = (await load('bus/condition')) as {
  conditionOf: (text: string) => {
    matches: (peer: { id: number; label: readonly string[] }) => boolean;
  };
  spelled: (text: string) => string;
};
const { clean, cut, widthOf } = (await load('text')) as {
  clean: (text: string) => string;
  cut: (text: string, columns: number) => string;
  widthOf: (text: string) => number;
};

const payload = {
  x: 3,
  big: 12345678901234567890n,
  mode: 'heat',
  on: false,
  none: null,
  at: new Date('2026-01-02T03:04:05Z'),
  list: [{ name: 'lamp' }, 7],
  deep: { er: { y: -1.5 } },
};
const message = { bytes: 40, from: { label: ['sun'] } };

test('comparisons, paths and combinations', (t) => {
  for (const [text, expected] of [
    ['x == 3', true],
    ['x = 3', true],
    ['x != 3', false],
    ['x>2&x<4', true],
    ['x >= 3 && x <= 3', true],
    ['x > 3 | mode == "heat"', true],
    ["mode == 'cool' or mode ~ 'ea'", true],
    ['!(x > 3), not on', true],
    ['on', false],
    ['none', false],
    ['none == null', true],
    ['missing', false],
    ['missing == null', false],
    ['missing != 1', true],
    ['x', true],
    ['big > 5', true],
    ['at > "2026-01-01"', true],
    ['at == "2026-01-02T03:04:05Z"', true],
    ['list[0].name == "lamp" and list ~ 7', true],
    ['list[9].name', false],
    ['deep.er.y == -1.5', true],
    ['deep.constructor', false],
    ['__proto__', false],
    ['$bytes >= 40 & $from.label ~ "sun"', true],
    ['mode > 3', false],
    ['"heat" == mode', true],
    ['mode == "he\\"at"', false],
  ] as const) {
    t.is(parseWhere(text)(payload, message), expected, text);
  }
});

test('what is no condition is refused with the place', (t) => {
  for (const [text, problem] of [
    ['', 'expected a field, a number or a text in quotes at the end'],
    ['x >', 'expected a field, a number or a text in quotes at the end'],
    ['x 3', "expected '&', '|' or the end before '3'"],
    ['(x', "expected ')' at the end"],
    ['x.', 'expected a name at the end'],
    ['a[b]', "expected a number before 'b'"],
    ['x == %', "'%' is not understood"],
    [`${'('.repeat(100)}x`, 'nests too deep'],
  ] as const) {
    const error = t.throws(() => parseWhere(text), undefined, text);
    t.true(error?.message.endsWith(problem), error?.message);
  }
});

test('no payload and no text makes the language throw anything but a refusal', (t) => {
  const words = fc.constantFrom(
    ...['x', '$', '.', '[', ']', '(', ')', '!', '&', '|', '==', '>', '~', '3', '"a"', 'not', ','],
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), fc.anything(), (parts, value) => {
      let where: Where;
      try {
        where = parseWhere(parts.join(' '));
      } catch (error) {
        return error instanceof Error && error.message.startsWith('--where');
      }
      return typeof where(value, { x: value }) === 'boolean';
    }),
  );
  t.pass();
});

interface Vector {
  readonly text: string;
  readonly program?: string;
  readonly cases?: readonly { label: string[]; id: number; matches: boolean }[];
}

test('conditions match what selectors match', (t) => {
  const file = JSON.parse(readFileSync(`${root}test/vectors/selectors.json`, 'utf8'));
  const vectors = Object.values(file as Record<string, unknown>).flatMap((part) =>
    Array.isArray(part) ? (part as Vector[]) : [],
  );
  let compared = 0;
  for (const { text, cases = [] } of vectors) {
    // A comma stands for `&` here and only here.
    if (cases.length === 0 || text !== spelled(text)) continue;
    const condition = conditionOf(text);
    for (const { label, id, matches } of cases) {
      t.is(condition.matches({ id, label }), matches, `${text}: ${label} #${id}`);
      compared++;
    }
  }
  t.true(compared > 50, String(compared));
  t.is(spelled('a,not b'), 'a & ! b');
  t.is(spelled('not a and (b or not c)'), '! a & (b | ! c)');
  t.is(spelled('"a,not b" and \'c or d\''), '"a,not b" & \'c or d\'');
  t.is(spelled('knot, sand, or-chid'), 'knot &  sand &  or-chid');
});

test('text that a peer wrote stays on its line, and within its columns', (t) => {
  t.is(clean('a\u001b[2J\nb\u202ec\u0085'), 'a\\x1b[2J\\nb\\u202ec\\x85');
  t.is(cut('abcdef', 4), 'abc…');
  t.is(cut('日本語', 4), '日…');
  t.is(widthOf('e\u0301日'), 3);
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 1, max: 40 }),
      (text, columns) => {
        const line = cut(clean(text), columns);
        return widthOf(line) <= columns && !/\p{Cc}/u.test(line);
      },
    ),
  );
});
