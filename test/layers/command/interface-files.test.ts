// The commands for interface files, as a shell runs them: output, errors, exit codes, files.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { bin } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  readonly bin: { readonly busbar: string };
};

/** A folder with these files, in which commands run. */
function folderWith(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-command-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** Runs a command to its end. */
async function busbar(folder: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [root + bin.busbar, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { code, out, err };
}

const lamp = `# A lamp.
interface: com.example.lamp
version: '1.0'
methods:
  light: { args: { colour: string? } }
`;

test('validate names each mistake with its place', async (t) => {
  const folder = folderWith(t, {
    'lamp.yaml': lamp,
    'wrong.yaml': lamp.replace('string?', 'strin'),
    'wrong.ts': 'export const Lamp = defineInterface();\n',
    'wrong.json': '{"interface":"com.example.lamp"}',
  });
  t.deepEqual(await busbar(folder, 'validate', 'lamp.yaml'), { code: 0, out: '', err: '' });
  const all = ['lamp.yaml', 'wrong.yaml', 'wrong.ts', 'wrong.json'];
  const found = await busbar(folder, 'validate', ...all);
  t.is(found.code, 1);
  t.is(found.out, '');
  const [yaml, code, json, end] = found.err.split('\n');
  t.regex(yaml ?? '', /^wrong\.yaml:5:28: methods\.light\.args\.colour is "strin"; .*'string'\?$/);
  t.regex(code ?? '', /^wrong\.ts:1:21: expected a name, a version and a definition$/);
  t.regex(json ?? '', /^wrong\.json: .*lacks the key 'version'$/);
  t.is(end, '');
  const { out } = await busbar(folder, 'validate', '--json', 'lamp.yaml', 'wrong.yaml');
  const [valid, invalid] = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.deepEqual(valid, { file: 'lamp.yaml', valid: true });
  t.like(invalid, { file: 'wrong.yaml', valid: false, line: 5, column: 28 });
});

test('format keeps the head, changes nothing twice, and loses no comment', async (t) => {
  const folder = folderWith(t, {
    'lamp.yaml': lamp,
    'wide.yaml': lamp.replace("'1.0'", '"1.0"').replace('{ args', '{  args'),
    'noted.yaml': `${lamp}  dim: {} # soon\n`,
    'hash.yaml': lamp.replace('light:', "doc:\n    doc: 'a # b'\n  light:"),
  });
  t.deepEqual(await busbar(folder, 'format', '--check', 'lamp.yaml', 'wide.yaml'), {
    code: 1,
    out: 'wide.yaml\n',
    err: '',
  });
  t.is((await busbar(folder, 'format', 'lamp.yaml', 'wide.yaml')).code, 0);
  t.is(readFileSync(join(folder, 'wide.yaml'), 'utf8'), lamp);
  t.is((await busbar(folder, 'format', '--check', 'wide.yaml')).code, 0);
  const { code, err } = await busbar(folder, 'format', 'noted.yaml');
  t.is(code, 1);
  t.regex(err, /noted\.yaml:6:11: formatting would lose this comment/);
  t.is((await busbar(folder, 'format', '--check', 'hash.yaml')).code, 0);
});

test('diff ends with 1 if the version does not say enough', async (t) => {
  const folder = folderWith(t, {
    'old.yaml': lamp,
    'added.yaml': lamp.replace('1.0', '1.1').concat('  dim: {}\n'),
    'same-version.yaml': lamp.concat('  dim: {}\n'),
    'removed.yaml': lamp.replace('light', 'shine'),
    'major.yaml': lamp.replace('light', 'shine').replace('1.0', '2.0'),
  });
  t.deepEqual(await busbar(folder, 'diff', 'old.yaml', 'added.yaml'), {
    code: 0,
    out: 'compatible      methods.dim: added\n',
    err: '',
  });
  t.deepEqual(await busbar(folder, 'diff', 'old.yaml', 'same-version.yaml'), {
    code: 1,
    out: 'compatible      methods.dim: added\n',
    err: 'the version is 1.0; these changes need 1.1\n',
  });
  t.like(await busbar(folder, 'diff', 'old.yaml', 'removed.yaml'), {
    code: 1,
    out: 'wire-breaking   methods.light: removed\ncompatible      methods.shine: added\n',
  });
  const { code, out } = await busbar(folder, 'diff', '--json', 'old.yaml', 'major.yaml');
  t.is(code, 0);
  t.like(JSON.parse(out), { effect: 'wire-breaking', version: '2.0', isVersioned: true });
});

test('generate writes the same TypeScript each time, which generates itself', async (t) => {
  const folder = folderWith(t, { 'lamp.busbar.yaml': lamp });
  const { code, out } = await busbar(folder, 'generate', 'lamp.busbar.yaml', '--ts');
  t.is(code, 0);
  t.regex(
    out,
    /^import \{ defineInterface, t \} from 'busbar\/interface';\n\nexport const Lamp = /,
  );
  const made = await busbar(folder, 'generate', 'lamp.busbar.yaml', '--ts', '--out', 'src');
  t.deepEqual(made, { code: 0, out: `${join('src', 'lamp.ts')}\n`, err: '' });
  t.is(readFileSync(join(folder, 'src', 'lamp.ts'), 'utf8'), out);
  t.is((await busbar(folder, 'generate', join('src', 'lamp.ts'), '--ts')).out, out);
});

test('a wrong use ends with 2, and a missing file with 1', async (t) => {
  const folder = folderWith(t, { 'lamp.yaml': lamp, 'lamp.txt': lamp });
  for (const [args, problem] of [
    [['generat', 'lamp.yaml'], /no command 'generat'; did you mean 'generate'?/],
    [['generate', 'lamp.yaml'], /say what to generate: --ts/],
    [['generate', 'lamp.yaml', '--js'], /Unknown option '--js'/],
    [['diff', 'lamp.yaml'], /usage: busbar diff OLD NEW/],
    [['validate', 'lamp.txt'], /neither \.yaml nor \.ts nor \.json/],
    [['constructor'], /no command 'constructor'/],
  ] as const) {
    const { code, out, err } = await busbar(folder, ...args);
    t.is(code, 2, args.join(' '));
    t.is(out, '');
    t.regex(err, problem);
  }
  t.like(await busbar(folder, 'diff', 'lamp.yaml', 'none.yaml'), { code: 1, out: '' });
  const { code, out } = await busbar(folder, 'help');
  t.is(code, 0);
  t.regex(out, /^ {2}diff {2,}Says what/m);
  t.is((await busbar(folder)).code, 2);
});

test('import prints a file of Stinger as an interface file, with notes', async (t) => {
  const stinger = `stingeripc: { version: 0.1.0 }
interface: { name: lamp, version: 1.0.0 }
structures: { part: { $ref: 'parts.yaml#/part' } }
signals:
  lit: { payload: [{ name: which, type: struct, structName: part }] }
constants: { MAX: { type: integer, value: 5 } }
`;
  const folder = folderWith(t, {
    'lamp.stinger.yaml': stinger,
    'parts.yaml': 'part: { members: [{ name: at, type: integer }] }\n',
    'wrong.stinger.yaml': stinger.replace('payload', 'args'),
  });
  const { code, out, err } = await busbar(folder, 'import', 'lamp.stinger.yaml');
  t.is(code, 0, err);
  t.is(
    out,
    `interface: stinger.lamp
version: '1.0'
doc: |-
  Constants:

  - \`MAX\` = \`5\`
types:
  Part: { struct: { at: i32 } }
signals:
  lit: { which: Part }
`,
  );
  t.is(
    err,
    'lamp.stinger.yaml:6:1: note: constants are documentation of the interface; it has no constants\n',
  );
  const args = ['lamp.stinger.yaml', '--name', 'com.example.lamp', '--out', 'lamp.busbar.yaml'];
  t.is((await busbar(folder, 'import', ...args)).out, 'lamp.busbar.yaml\n');
  t.is((await busbar(folder, 'validate', 'lamp.busbar.yaml')).code, 0);
  const wrong = await busbar(folder, 'import', 'wrong.stinger.yaml');
  t.is(wrong.code, 1);
  t.regex(wrong.err, /^busbar: wrong\.stinger\.yaml:5:10: .* write 'payload'\n$/);
});
