// Interfaces as HTML pages: well formed, without script, loading nothing, and with examples that
// compile, whatever their documentation says.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { printHtml } from 'busbar/documents';
import { defineInterface, printTypeScript, t as types } from 'busbar/interface';
import fc from 'fast-check';
import ts from 'typescript';
import { interfaceFrom } from '../interface/support/interfaces.js';
import { elementsOf, examplesIn, unescaped } from './support/html.js';
import { thermostat } from './support/thermostat.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const attributesOf = new Set([
  ...[
    'aria-hidden',
    'aria-label',
    'checked',
    'class',
    'content',
    'for',
    'href',
    'http-equiv',
    'id',
  ],
  ...['charset', 'lang', 'name', 'rel', 'role', 'title', 'type'],
]);

/** What a page must never have, whatever its interface says. */
function checkHarmless(html: string): void {
  const ids = new Set<string>();
  const elements = elementsOf(html);
  for (const { tag, attributes } of elements) {
    if (['script', 'img', 'link', 'iframe', 'object', 'form', 'svg', 'base'].includes(tag)) {
      throw new Error(`<${tag}>`);
    }
    for (const name of Object.keys(attributes)) {
      if (!attributesOf.has(name)) throw new Error(`<${tag} ${name}>`);
    }
    const { id, href } = attributes;
    if (href !== undefined && !/^(?:#|https?:\/\/)/.test(href)) throw new Error(`leads to ${href}`);
    if (id === undefined) continue;
    if (ids.has(id)) throw new Error(`two elements with the id ${id}`);
    ids.add(id);
  }
  for (const { attributes } of elements) {
    const target = attributes.for ?? /^#(.+)/.exec(attributes.href ?? '')?.[1];
    if (target !== undefined && !ids.has(target)) throw new Error(`nothing has the id ${target}`);
  }
}

test('a page is well formed and allows nothing but its own style', (t) => {
  const html = printHtml(thermostat);
  checkHarmless(html);
  t.is(printHtml(thermostat), html);
  const style = /<style>(.*)<\/style>/s.exec(html)?.[1] ?? '';
  t.notRegex(style, /url\(|@import|<|expression/);
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = elementsOf(html).find(
    ({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy',
  );
  t.is(
    unescaped(policy?.attributes.content ?? ''),
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
  );
  // An inline style would not be allowed by the policy.
  t.false(html.includes(' style='));
});

test('generated interfaces give pages that are well formed and harmless', (t) => {
  fc.assert(
    fc.property(fc.gen(), (g) => checkHarmless(printHtml(interfaceFrom(g)))),
    { numRuns: 200, endOnFailure: true },
  );
  t.pass();
});

const attacks = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '</style></title><script>',
  '[a](javascript:alert(1))',
  '[a](https://x" onclick="alert)',
  '`</code><script>`',
  '```\n</pre><script>\n```',
  '<https://example.com/"onmouseover=alert(1)>',
  '- <b>\n- </ul>',
  '# </h1>\n**<i>**',
  '\u001b[2J\u202ecorrect',
];

test('documentation is text, whatever it looks like', (t) => {
  for (const doc of attacks) {
    const Odd = types.struct('Odd', { a: types.u8.doc(doc) }, doc);
    const given = defineInterface('com.example.a', '1.0', {
      doc,
      methods: {
        go: { doc, args: { odd: Odd.doc(doc) }, errors: { Failed: types.struct({}).doc(doc) } },
      },
      properties: { state: { doc, type: types.string.doc(doc) } },
      signals: { changed: types.struct({ b: types.enum(['x']).doc(doc) }).doc(doc) },
    });
    const html = printHtml(given);
    t.notThrows(() => checkHarmless(html), doc);
    t.false(html.includes('\u001b') || html.includes('\u202e'));
  }
  const [script = ''] = attacks;
  const given = defineInterface('com.example.a', '1.0', { doc: script });
  t.true(unescaped(printHtml(given)).includes(script));
});

test('hostile documentation takes no longer than its length', (t) => {
  for (const piece of ['`', '*', '**', '_a', '[', '[a](', 'http://', '<http://.', '- ', '#', '~']) {
    const doc = piece.repeat(Math.floor(4096 / piece.length));
    const given = defineInterface('com.example.a', '1.0', { doc });
    t.notThrows(() => checkHarmless(printHtml(given)), piece);
  }
});

test('Markdown that is used in documentation is shown as meant', (t) => {
  const doc = [
    '# Head',
    'One *two* **three** `four` _five_ snake_case_name [six](https://example.com/a?b=c&d) now',
    'https://example.com/seven.',
    '',
    '- eight',
    '  more of it',
    '- nine',
    '1. ten',
    '```js',
    'a < b',
    '```',
    'end',
  ].join('\n');
  const html = printHtml(defineInterface('com.example.a', '1.0', { doc }));
  for (const expected of [
    '<p><strong>Head</strong></p>',
    'One <em>two</em> <strong>three</strong> <code>four</code> <em>five</em> snake_case_name',
    '<a href="https://example.com/a?b=c&amp;d" rel="noreferrer">six</a> now ',
    '<a href="https://example.com/seven" rel="noreferrer">https://example.com/seven</a>.</p>',
    '<ul><li>eight more of it</li><li>nine</li></ul>',
    '<ol><li>ten</li></ol>',
    '<pre class="quoted"><code>a &lt; b</code></pre>',
    '<p>end</p>',
  ]) {
    t.true(html.includes(expected), `${expected}\n${html.slice(html.indexOf('"intro"'))}`);
  }
});

test('the examples in TypeScript compile, also those of generated interfaces', (t) => {
  const folder = join(root, 'test-build', 'generated-examples');
  const given = [
    thermostat,
    ...fc.sample(fc.gen().map(interfaceFrom), { numRuns: 60, seed: 11 }),
  ].filter((each) => Object.keys({ ...each.methods, ...each.signals }).length > 0);
  const files = given.map((each, index) => {
    const here = join(folder, String(index));
    mkdirSync(here, { recursive: true });
    const [connecting = '', ...examples] = examplesIn(printHtml(each), 'ts');
    const module = /'\.\/(.+)\.js'/.exec(connecting)?.[1] ?? '';
    writeFileSync(join(here, `${module}.ts`), printTypeScript(each));
    const file = join(here, 'examples.ts');
    writeFileSync(
      file,
      [
        "import type { KernelObject, MemoryRegion } from 'busbar';",
        connecting,
        'declare const object: KernelObject;',
        'declare const region: MemoryRegion;',
        ...examples.map((code) => `{\n${code}\n}`),
        'export { object, region };',
      ].join('\n'),
    );
    return file;
  });
  const program = ts.createProgram(files, {
    strict: true,
    exactOptionalPropertyTypes: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    skipLibCheck: true,
    noEmit: true,
  });
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0;
    const text = file?.text
      .split('\n')
      .slice(line, line + 3)
      .join('\n');
    return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}\n${text}`;
  });
  t.deepEqual(problems, []);
});

test('the examples in Python can be parsed', (t) => {
  const codes = [
    thermostat,
    ...fc.sample(fc.gen().map(interfaceFrom), { numRuns: 60, seed: 5 }),
  ].flatMap((given) => examplesIn(printHtml(given), 'python'));
  const script = [
    'import ast, json, sys, textwrap',
    'for code in json.load(sys.stdin):',
    "    ast.parse('async def main():\\n' + textwrap.indent(code, '    '))",
  ].join('\n');
  const { status, stderr, error } = spawnSync('python3', ['-c', script], {
    input: JSON.stringify(codes),
    encoding: 'utf8',
  });
  if (error !== undefined) {
    t.pass('skipped');
    t.log('skipped: needs python3');
    return;
  }
  t.is(status, 0, stderr);
  t.true(codes.length > 100);
});
