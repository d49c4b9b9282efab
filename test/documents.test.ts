// The documents: each link has a target, each program in them is one of the examples, which a test
// runs, and each snippet compiles as far as its syntax.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import ts from 'typescript';
import {
  anchors,
  codeBlocks,
  documentsIn,
  filesIn,
  localLinks,
  namedFiles,
  proseLines,
  resolveLink,
} from './support/markdown.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const documents = documentsIn(root);
const textOf = (path: string) => readFileSync(root + path, 'utf8');
const guide = documents.filter(({ path }) => /^docs\/guide\/(?!README)/.test(path));

/** Pages without a program. */
const withoutProgram = ['docs/guide/benchmarks.md', 'docs/guide/loading.md'];

/** The files of examples/ that a text shows in full. */
const programsIn = (text: string) =>
  codeBlocks(text).flatMap(
    ({ info }) => /^(?:js|python|cpp) (examples\/\S+)$/.exec(info)?.slice(1) ?? [],
  );

test('every link leads to a file, and to a heading in it', (t) => {
  t.true(documents.some(({ path }) => path === 'README.md'));
  const broken = documents.flatMap(({ path, text }) =>
    localLinks(text)
      .filter((target) => {
        const link = resolveLink(path, target);
        if (!existsSync(root + link.path)) return true;
        return link.anchor !== '' && !anchors(textOf(link.path)).includes(link.anchor);
      })
      .map((target) => `${path}: ${target}`),
  );
  t.deepEqual(broken, []);
});

test('every file that a document names is there', (t) => {
  const files = filesIn(root).map((path) => `/${path}`);
  // A part of a path, and a name without its end where source and header are meant.
  const exists = (name: string) =>
    files.some((path) => path.endsWith(`/${name}`) || path.startsWith(`/${name}`));
  const missing = documents.flatMap(({ path, text }) =>
    namedFiles(text)
      .filter((name) => !exists(name))
      .map((name) => `${path}: ${name}`),
  );
  t.deepEqual(missing, []);
});

test('a link to nothing is noticed', (t) => {
  const text = '# A `b`-c, d!\n[x](#a-b-c-d)\n```js\n[y](no)\n```\n`[z](no)` [w](https://w)\n';
  t.deepEqual(anchors(text), ['a-b-c-d']);
  t.deepEqual(localLinks(text), ['#a-b-c-d']);
  t.deepEqual(namedFiles('`ab` `x a.cc` `src/b` `docs/site/c`'), ['a.cc', 'src/b']);
  t.deepEqual(resolveLink('docs/a.md', '../b.md#c'), { path: 'b.md', anchor: 'c' });
});

test('a program in a document is the example that it names', (t) => {
  for (const { path, text } of documents) {
    for (const { info, code } of codeBlocks(text)) {
      const file = /^\w+ (examples\/\S+)$/.exec(info)?.[1];
      if (file !== undefined) t.is(code, textOf(file), `${path} shows another ${file}: copy it`);
    }
  }
});

test('README and every page of the guide show a program', (t) => {
  t.deepEqual(programsIn(textOf('README.md')), ['examples/hello.mjs']);
  const without = guide.filter(({ text }) => programsIn(text).length === 0);
  t.deepEqual(without.map(({ path }) => path).sort(), withoutProgram);
});

test('the guide and the examples are complete and listed in order', (t) => {
  const pages = localLinks(textOf('docs/guide/README.md')).filter((link) => !link.includes('/'));
  t.deepEqual(
    pages.map((page) => `docs/guide/${page}`).sort(),
    guide.map(({ path }) => path).sort(),
  );
  const listed = localLinks(textOf('examples/README.md')).filter((link) =>
    /^[^/]+\.mjs$/.test(link),
  );
  const shown = pages
    .flatMap((page) => programsIn(textOf(`docs/guide/${page}`)))
    .filter((path) => /^examples\/[^/]+\.mjs$/.test(path));
  t.deepEqual(
    listed.map((link) => `examples/${link}`),
    shown,
  );
});

test('the site has every page of the guide, in its order', (t) => {
  const { projectDocuments }: { projectDocuments: string[] } = JSON.parse(textOf('typedoc.json'));
  const pages = localLinks(textOf('docs/guide/README.md')).filter((link) => !link.includes('/'));
  const inSite = projectDocuments.filter((path) => path.startsWith('docs/guide/'));
  t.deepEqual(
    inSite,
    ['README.md', ...pages].map((page) => `docs/guide/${page}`),
  );
});

test('every piece of JavaScript or TypeScript in the documents can be parsed', (t) => {
  const wrong = documents.flatMap(({ path, text }) =>
    codeBlocks(text)
      .filter(({ info }) => /^(js|ts)\b/.test(info))
      .flatMap(({ code }) => syntaxErrors(code).map((error) => `${path}: ${error}\n${code}`)),
  );
  t.deepEqual(wrong, []);
  t.deepEqual(syntaxErrors('const a = await b;\nconst a = c;'), []);
  t.is(syntaxErrors('on(({ a }) => …);').length > 0, true);
});

function syntaxErrors(code: string): string[] {
  const { diagnostics = [] } = ts.transpileModule(code, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
  });
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

test('prose keeps to the width that .editorconfig names', (t) => {
  const width = Number(/max_line_length = (\d+)/.exec(textOf('.editorconfig'))?.[1]);
  const long = documents.flatMap(({ path, text }) =>
    proseLines(text)
      .filter((line) => line.length > width)
      .map((line) => `${path}: ${line}`),
  );
  t.deepEqual(long, []);
});

test('README can be read in one sitting', (t) => {
  const words = textOf('README.md').split(/\s+/).length;
  t.true(words <= 1300, `${words} words`);
});
