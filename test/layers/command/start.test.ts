// How the program starts: from a few files, which have all of its code, and with a cache of compiled
// code where Node has one.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { programFile, Stage } from './support/command.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = dirname(programFile);
const caches = 'enableCompileCache' in module;

function temporary(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'busbar-start-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('the program needs none of its modules but those that it is linked into', (t) => {
  const place = temporary(t);
  const copy = (file: string) => cpSync(file, join(place, file.slice(root.length)));
  const files = ['main.js', 'code-cache.js', 'program.cjs', 'program-rest.cjs'];
  for (const name of files) copy(join(folder, name));
  copy(join(root, 'package.json'));
  writeFileSync(
    join(place, 'lamp.ts'),
    `import { defineInterface, t } from 'busbar/interface';
export const Lamp = defineInterface('com.example.lamp', '1.0', {
  methods: { shine: { args: { lumen: t.f64 } } },
});
`,
  );
  const program = join(place, programFile.slice(root.length));
  const run = (...args: string[]) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...args], {
      encoding: 'utf8',
      cwd: place,
      env: { ...process.env, XDG_CACHE_HOME: place },
    });
    return { stdout, stderr, status };
  };
  t.regex(run('help').stdout, /^busbar COMMAND/);
  t.is(run('--version').stdout.trim(), run('-v').stdout.trim());
  t.like(run('describe', 'lamp.ts', '--json'), { status: 0, stderr: '' });
  const { stdout } = run('describe', 'lamp.ts', '--markdown');
  t.regex(stdout, /com\.example\.lamp/);
  t.like(run('completion', 'fish'), { status: 0, stderr: '' });
});

test('compiled code is kept in a folder of the user, unless that is not wanted', async (t) => {
  const stage = new Stage(t);
  const place = temporary(t);
  const kept = () => {
    const path = join(place, 'busbar/code');
    return existsSync(path) && readdirSync(path).length > 0;
  };
  const env = { XDG_CACHE_HOME: place };
  await stage.run(['help'], { env: { ...env, NODE_DISABLE_COMPILE_CACHE: '1' } });
  t.false(kept());
  await stage.run(['help'], { env });
  t.is(kept(), caches);
});
