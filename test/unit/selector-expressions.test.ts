// Label expressions: building, limits, text form, parsing and its errors.
import test from 'ava';
import fc from 'fast-check';
import {
  anyone,
  type LabelExpression,
  label,
  nobody,
  parseLabelExpression,
  SelectorSyntaxError,
  unicast,
} from '../../dist/selector/index.js';
import { evaluate } from './label-evaluator.js';

type Tree =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'leaf'; readonly name: string }
  | { readonly kind: 'peer'; readonly id: number }
  | { readonly kind: 'not'; readonly operand: Tree }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Tree[] };

const names = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', 'true', 'false', 'a b', '#7', '', '"') },
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const leafNames = names.filter((name) => name !== '');

const { tree: trees } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leafNames.map((name): Tree => ({ kind: 'leaf', name })),
    fc.boolean().map((value): Tree => ({ kind: 'constant', value })),
    fc.nat(9).map((id): Tree => ({ kind: 'peer', id })),
    tie('tree').map((operand): Tree => ({ kind: 'not', operand })),
    fc
      .record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        operands: fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
      })
      .map((node): Tree => node),
  ),
}));

function build(tree: Tree): LabelExpression {
  switch (tree.kind) {
    case 'constant':
      return tree.value ? anyone : nobody;
    case 'leaf':
      return label(tree.name);
    case 'peer':
      return unicast({ id: tree.id }).expression;
    case 'not':
      return build(tree.operand).not();
    default: {
      const [first, ...others] = tree.operands.map(build);
      return (first ?? nobody)[tree.kind](...others);
    }
  }
}

function holds(tree: Tree, of: readonly string[], id: number): boolean {
  switch (tree.kind) {
    case 'constant':
      return tree.value;
    case 'leaf':
      return of.includes(tree.name);
    case 'peer':
      return tree.id === id;
    case 'not':
      return !holds(tree.operand, of, id);
    case 'and':
      return tree.operands.every((operand) => holds(operand, of, id));
    case 'or':
      return tree.operands.some((operand) => holds(operand, of, id));
  }
}

test('a program means what its expression means', (t) => {
  fc.assert(
    fc.property(trees, fc.array(leafNames, { maxLength: 8 }), fc.nat(9), (tree, of, id) => {
      t.is(evaluate(build(tree).program, of, id), holds(tree, of, id));
    }),
  );
});

test('the text form parses to the same program and prints the same', (t) => {
  fc.assert(
    fc.property(trees, (tree) => {
      const expression = build(tree);
      const parsed = parseLabelExpression(expression.toString());
      t.deepEqual(parsed.program, expression.program);
      t.is(parsed.toString(), expression.toString());
    }),
  );
});

test('text that is no expression is refused, whatever it is', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab&|!() "\'\\#7\u{1f600}*') }), (text) => {
      try {
        evaluate(parseLabelExpression(text).program, [], 1);
      } catch (error) {
        if (!(error instanceof SelectorSyntaxError)) throw error;
        t.true(error.column >= 1 && error.column <= [...text].length + 1);
      }
    }),
  );
  t.pass();
});

test('operators return new expressions', (t) => {
  const planet = label('planet');
  const both = planet.and('rocky', label('moon').not());
  t.is(planet.toString(), 'planet');
  t.is(both.toString(), 'planet & rocky & !moon');
  t.is(both.or('x & y').toString(), 'planet & rocky & !moon | "x & y"');
  t.is(label('a').or('b').and('c').toString(), '(a | b) & c');
  t.is(label('a').or('b').not().toString(), '!(a | b)');
  t.is(planet.and(), planet);
  t.true(Object.isFrozen(both));
});

test('a copy of the program is handed out', (t) => {
  const expression = label('a');
  expression.program.fill(0);
  t.deepEqual(expression.program, Uint8Array.of(2, 1, 97));
});

test('a label string has limits', (t) => {
  t.throws(() => label(''), { code: 'ERR_BUSBAR_INVALID_LABEL', message: 'label is empty' });
  t.throws(() => label('é'.repeat(128)), {
    code: 'ERR_BUSBAR_INVALID_LABEL',
    message: 'label is 256 bytes long; the limit is 255',
  });
  t.throws(() => label('\udc00'), { code: 'ERR_BUSBAR_INVALID_LABEL' });
  t.throws(() => label(7 as unknown as string), { code: 'ERR_BUSBAR_INVALID_LABEL' });
  t.throws(() => anyone.and(7 as unknown as string), { code: 'ERR_BUSBAR_INVALID_ARGUMENT' });
});

const tooComplex = (message: string) =>
  ({
    code: 'ERR_BUSBAR_INVALID_SELECTOR',
    name: 'LabelExpressionTooComplexError',
    message,
  }) as const;

test('what exceeds a limit is refused at the call that makes it so', (t) => {
  let expression = label('a');
  for (let i = 0; i < 1023; i++) expression = expression.not();
  t.throws(
    () => expression.not(),
    tooComplex('label expression has 1025 operations; the limit is 1024'),
  );

  const long = label('x'.repeat(255));
  t.throws(
    () => long.or(...Array.from({ length: 15 }, () => long)),
    tooComplex('label expression has 4127 bytes; the limit is 4096'),
  );

  let nested = label('z');
  for (let i = 0; i < 63; i++) nested = label('a')[i % 2 === 0 ? 'and' : 'or'](nested);
  t.throws(
    () => label('a').or(nested),
    tooComplex('label expression nests 65 levels; the limit is 64'),
  );
});

test('a flat or nested chain of one operator needs a depth of 2', (t) => {
  let chain = label('z');
  for (let i = 0; i < 500; i++) chain = label('a').and(chain);
  t.notThrows(() => evaluate(chain.program, [], 1));
});

test('a hundred thousand operators do not exhaust the stack', (t) => {
  const code = 'ERR_BUSBAR_INVALID_SELECTOR';
  t.throws(() => parseLabelExpression(`${'!'.repeat(100_000)}a`), { code });
  t.throws(() => parseLabelExpression(`${'!'.repeat(16_000)}a`), { code });
  t.throws(() => parseLabelExpression('('.repeat(16_000)), { code });
  t.throws(() => parseLabelExpression(`a${' & a'.repeat(4000)}`), { code });
  t.notThrows(() => parseLabelExpression(`${'('.repeat(8000)}a${')'.repeat(8000)}`));
  t.throws(() => Array.from({ length: 100_000 }).reduce<LabelExpression>((e) => e.not(), anyone), {
    code,
  });
});

const mistakes: readonly [text: string, column: number, problem: RegExp][] = [
  ['', 1, /expected a label, found the end/],
  ['a &', 4, /expected a label, found the end/],
  ['a & & b', 5, /expected a label, found '&'/],
  ['a b', 3, /expected '&' or '\|', found "b"/],
  ['a !b', 3, /expected '&' or '\|', found '!'/],
  ['(a', 1, /'\(' without '\)'/],
  ['a)', 2, /'\)' without '\('/],
  ['()', 2, /expected a label, found '\)'/],
  ['renderer & *', 12, /unexpected "\*"; quote/],
  ['a & "b', 5, /no end/],
  ['"a\\q"', 3, /unknown escape/],
  ['"\\u{110000}"', 2, /above 10ffff/],
  ['""', 1, /label is empty/],
  ['"\\ud800"', 1, /lone surrogate/],
  [`a & ${'b'.repeat(256)}`, 5, /256 bytes long; the limit is 255/],
  ['#', 1, /as in #7/],
  ['#x', 1, /as in #7/],
  ['#9007199254740993', 1, /as in #7/],
  ['\u{1f600}', 1, /unexpected/],
  ['"\u{1f600}" ?', 5, /unexpected "\?"/],
];

test('a mistake is shown with its place', (t) => {
  for (const [text, column, problem] of mistakes) {
    const error = t.throws(() => parseLabelExpression(text), {
      instanceOf: SelectorSyntaxError,
      message: problem,
    });
    t.is(error.column, column, text);
    t.is(error.text, text);
    t.is(error.code, 'ERR_BUSBAR_INVALID_SELECTOR');
  }
  const { message } = t.throws(() => parseLabelExpression('renderer && codec'));
  t.is(message, "expected a label, found '&' (column 11)\n  renderer && codec\n            ^");
});

test('a long text is shown in part', (t) => {
  const { message } = t.throws(() =>
    parseLabelExpression(`${'a | '.repeat(100)}&${' | a'.repeat(99)}`),
  );
  const [, shown = '', caret = ''] = message.split('\n');
  t.true(shown.length < 100);
  t.is(shown[caret.indexOf('^')], '&');
});

test('names in text', (t) => {
  t.is(parseLabelExpression("'it\\'s' & größe-1 & 月").toString(), '"it\'s" & größe-1 & 月');
  t.is(parseLabelExpression(' ( a|b )\n&c ').toString(), '(a | b) & c');
  t.is(parseLabelExpression('"plain"').toString(), 'plain');
  t.is(label('a\tb\u200e').toString(), '"a\\tb\\u{200e}"');
  t.throws(() => parseLabelExpression(7 as unknown as string), {
    code: 'ERR_BUSBAR_INVALID_ARGUMENT',
  });
});
