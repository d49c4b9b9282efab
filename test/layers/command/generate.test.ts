// The command `generate` with several files and with --watch, as a shell runs it.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { parseYaml, printTypeScript } from 'busbar/interface';
import { Stage } from './support/command.js';

const lamp = (member: string) =>
  `interface: com.example.lamp\nversion: '1.0'\nmethods:\n  ${member}: {}\n`;

/** The lines that a program prints, one at a time. */
function linesOf(stream: ChildProcess['stdout']): () => Promise<string> {
  if (stream === null) throw new Error('no output');
  const lines = createInterface({ input: stream })[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the program has ended');
    return value;
  };
}

test('several files are written into a folder', async (t) => {
  const stage = new Stage(t);
  const cwd = stage.directory.path;
  writeFileSync(join(cwd, 'a.busbar.yaml'), lamp('light'));
  writeFileSync(join(cwd, 'b.yaml'), lamp('dim'));
  const files = ['a.busbar.yaml', 'b.yaml'];
  const args = ['generate', ...files, '--ts'];
  t.deepEqual(await stage.run([...args, '--out', 'made'], { cwd }), {
    code: 0,
    out: `${join('made', 'a.ts')}\n${join('made', 'b.ts')}\n`,
    err: '',
  });
  t.is(
    readFileSync(join(cwd, 'made', 'b.ts'), 'utf8'),
    printTypeScript(await parseYaml(lamp('dim'))),
  );
  for (const wrong of [args, ['generate', 'b.yaml', '--ts', '--watch']]) {
    const { code, err } = await stage.run(wrong, { cwd });
    t.is(code, 2);
    t.is(err, 'busbar: say where to write the files: --out FOLDER\n');
  }
});

test('--watch writes again with each change, and survives mistakes', async (t) => {
  const stage = new Stage(t);
  const cwd = stage.directory.path;
  const [one, two] = [join(cwd, 'one.yaml'), join(cwd, 'two.yaml')];
  writeFileSync(one, lamp('light'));
  writeFileSync(two, lamp('dim'));
  const child = stage.start(['generate', one, two, '--ts', '--out', join(cwd, 'made'), '--watch']);
  const [line, complaint] = [linesOf(child.stdout), linesOf(child.stderr)];
  const made = (name: string) => readFileSync(join(cwd, 'made', name), 'utf8');
  t.is(await line(), join(cwd, 'made', 'one.ts'));
  t.is(await line(), join(cwd, 'made', 'two.ts'));

  writeFileSync(two, lamp('shine'));
  t.is(await line(), join(cwd, 'made', 'two.ts'));
  t.true(made('two.ts').includes('shine'));

  // A mistake is named, and what was made before stays.
  writeFileSync(one, lamp('no'));
  t.is(
    await complaint(),
    `${one}:4:3: no is a truth value to some readers of YAML; write 'no' with quotes`,
  );
  t.true(made('one.ts').includes('light'));

  // As editors do: another file takes the place of the first one.
  const draft = join(cwd, 'draft');
  writeFileSync(draft, lamp('glow'));
  renameSync(draft, one);
  t.is(await line(), join(cwd, 'made', 'one.ts'));
  t.true(made('one.ts').includes('glow'));

  const ended = once(child, 'exit');
  child.kill('SIGINT');
  t.deepEqual(await ended, [130, null]);
});

test('--watch in a folder that is not there ends with 1', async (t) => {
  const stage = new Stage(t);
  const file = join(stage.directory.path, 'none', 'a.yaml');
  const out = stage.directory.path;
  const { code, err } = await stage.busbar('generate', file, '--ts', '--out', out, '--watch');
  t.is(code, 1);
  t.regex(err, /^busbar: ENOENT.*; check the name of the file\n$/);
});
