// What `doctor` and `ls` say about a bus that is ill: each illness is brought about with real
// processes. Linux only, since the facts come from /proc.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import anyTest, { type ExecutionContext } from 'ava';
import { inProcess, newBus } from '../../support/program.js';
import { turnsUntil } from '../../support/waiting.js';
import { programFile, Stage } from './support/command.js';

const test = process.platform === 'linux' ? anyTest : anyTest.skip;
const root = fileURLToPath(new URL('../../..', import.meta.url));

interface Finding {
  readonly level: 'ok' | 'note' | 'warning' | 'problem';
  readonly check: string;
  readonly text: string;
  readonly cure?: string;
  readonly pid?: number;
}

interface Diagnosis {
  readonly code: number | null;
  readonly findings: readonly Finding[];
}

async function doctor(stage: Stage, ...args: readonly string[]): Promise<Diagnosis> {
  const { code, out, err } = await stage.run(['doctor', '--json', ...args]);
  if (err !== '') throw new Error(err);
  const findings = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Finding);
  return { code, findings };
}

/** The findings that are not all right. */
function ill({ findings }: Diagnosis): readonly Finding[] {
  return findings.filter(({ level }) => level === 'warning' || level === 'problem');
}

/** Its only illness; a machine that is busy lets nobody in quickly, which is none. */
function only(t: ExecutionContext, diagnosis: Diagnosis): Finding {
  const found = ill(diagnosis).filter(
    ({ check, text }) => !(check === 'controller' && text.includes('let this process in after')),
  );
  t.is(found.length, 1, JSON.stringify(found, undefined, 1));
  return found[0] as Finding;
}

test('a healthy bus', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'thermostat', 'kitchen');
  await stage.member(bus, 'plain', 'moon');
  const { findings } = await doctor(stage);
  const checks = findings.map(({ check }) => check);
  for (const check of ['versions', 'descriptors', 'memory', 'directory', 'controller', 'members']) {
    t.true(checks.includes(check), check);
  }
  t.deepEqual(
    findings.filter(({ level, check }) => level !== 'ok' && check !== 'controller'),
    [],
  );
  const said = findings.find(({ check }) => check === 'members');
  t.is(said?.text, `'${bus}' has 2 members in 2 processes`);
});

test('the only controller is stopped: ls and doctor name it', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const keeper = await stage.member(bus, 'plain', 'keeper');
  const other = await stage.member(bus, 'plain', 'other');
  await keeper.stopped();
  await other.stopped();
  const ls = await stage.busbar('ls', '--bus', bus);
  t.is(ls.code, 1);
  t.is(
    ls.err,
    `busbar: the controller of bus '${bus}', process ${keeper.pid} (node member-program.js), is stopped; ` +
      `continue it with kill -CONT ${keeper.pid}, or end it with kill -9 ${keeper.pid}\n`,
  );
  const diagnosis = await doctor(stage, '--bus', bus);
  t.is(diagnosis.code, 1);
  const [first, ...rest] = ill(diagnosis);
  t.like(first, { level: 'problem', check: 'controller', pid: keeper.pid });
  t.is(first?.cure, `kill -CONT ${keeper.pid}, or kill -9 ${keeper.pid}`);
  // The other one has no link to it and shares its directory.
  t.deepEqual(
    rest.map(({ check, pid }) => ({ check, pid })),
    [{ check: 'stopped', pid: other.pid }],
  );
  // The buses are listed without asking anybody.
  t.like((await stage.json('ls', '--buses'))[0], { bus, pid: keeper.pid, state: 'stopped' });
});

test('a stopped controller that others replace is a stopped member', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const keeper = await stage.member(bus, 'plain', 'keeper');
  const heir = await stage.member(bus, 'plain', 'heir');
  await keeper.stopped();
  const diagnosis = await doctor(stage, '--bus', bus);
  t.is(diagnosis.code, 1);
  const stopped = ill(diagnosis).filter(({ level }) => level === 'problem');
  t.is(stopped.length, 1, JSON.stringify(stopped, undefined, 1));
  t.like(stopped[0], { check: 'stopped', pid: keeper.pid });
  t.regex(stopped[0]?.text ?? '', /^process \d+ \(node member-program\.js\), keeper, is stopped/);
  // It took as long as others wait for a controller, which is more than it should.
  t.like(
    diagnosis.findings.find(({ text }) => text.includes('is the controller')),
    { level: 'warning', check: 'controller', pid: heir.pid },
  );
  const ls = await stage.busbar('ls', '--bus', bus);
  t.is(ls.code, 0);
  t.regex(ls.out, new RegExp(`\\t${keeper.pid}\\t.*\\tstopped\\tkeeper`));
});

test('a server whose event loop does not turn, and a busy member', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'plain', 'moon');
  const looping = await stage.member(bus, 'looping', 'stuck');
  looping.say('loop');
  await looping.next();
  const first = await doctor(stage, '--bus', bus);
  t.is(first.code, 1);
  const receiver = ill(first).find(({ check }) => check === 'receiver');
  t.like(receiver, { level: 'problem', pid: looping.pid });
  t.regex(receiver?.text ?? '', /stuck, does not take what is sent to it/);
  await looping.kill();
  const spinning = await stage.member(bus, 'spinning', 'dizzy');
  spinning.say('spin');
  await spinning.next();
  // On a machine with more to do than processors, it gets a part of one only.
  for (;;) {
    const busy = ill(await doctor(stage, '--bus', bus)).find(({ check }) => check === 'busy');
    if (busy === undefined) continue;
    t.like(busy, { level: 'warning', pid: spinning.pid });
    break;
  }
});

test('a selector that nobody matches but almost', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'plain', 'kitchen', 'lamp');
  const wrong = await doctor(stage, '--bus', bus, 'kitchn & lamp');
  t.is(wrong.code, 1);
  const finding = only(t, wrong);
  t.is(finding.check, 'selector');
  t.true(finding.text.endsWith(`matches kitchn & lamp, but nearly: 'kitchen' for 'kitchn'`));
  const right = await doctor(stage, '--bus', bus, 'kitchen,lamp');
  t.is(right.findings.find(({ check }) => check === 'selector')?.level, 'ok');
});

test('messages that nobody gets', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const sender = await stage.member(bus, 'sender', 'sun');
  const nobody = { to: 'kitchn', type: 'Move', payload: 1 };
  const sending = setInterval(() => {
    sender.say({ ...nobody, all: true });
    sender.say({ ...nobody, ttl: 10 });
  }, 20);
  t.teardown(() => clearInterval(sending));
  const found = ill(await doctor(stage, '--bus', bus));
  clearInterval(sending);
  const selector = found.find(({ check }) => check === 'selector');
  t.regex(selector?.text ?? '', /^sun \(process \d+\) sent \d+ of type .* that nobody matches$/);
  const undelivered = found.find(({ check }) => check === 'undelivered');
  t.regex(undelivered?.text ?? '', /which were not taken: ERR_BUSBAR_NO_RECIPIENT$/);
});

test('one interface that is not the same in two processes', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const one = await stage.member(bus, 'thermostat', 'kitchen');
  const other = await stage.member(bus, 'other-thermostat', 'bath');
  const finding = only(t, await doctor(stage, '--bus', bus));
  t.is(finding.check, 'interface');
  t.regex(finding.text, /^com\.example\.thermostat 1\.2 is not the same in process /);
  for (const { pid } of [one, other]) t.true(finding.text.includes(String(pid)));
  t.regex(finding.text, /setTarget/);
});

test('limits of members: descriptors and shared memory', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const member = await stage.member(bus, 'plain', 'moon');
  const used = readdirSync(`/proc/${member.pid}/fd`).length;
  execFileSync('prlimit', [`--pid=${member.pid}`, `--nofile=${used + 1}:`]);
  t.like(only(t, await doctor(stage, '--bus', bus)), { check: 'descriptors', pid: member.pid });
  execFileSync('prlimit', [`--pid=${member.pid}`, '--nofile=4096:', '--fsize=1048576:']);
  const finding = only(t, await doctor(stage, '--bus', bus));
  t.like(finding, { check: 'memory', pid: member.pid });
  t.regex(finding.text, /shared memory of 1048576 bytes at most$/);
  t.is(finding.cure, 'ulimit -f unlimited before it is started');
});

test('few descriptors for this shell', async (t) => {
  const stage = new Stage(t);
  const child = spawn(
    'bash',
    ['-c', `ulimit -n 256; exec "$@"`, '-', process.execPath, programFile, 'doctor', '--json'],
    { env: stage.env },
  );
  let out = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  const [code] = await once(child, 'close');
  t.is(code, 1);
  const line = out.split('\n').find((each) => each.includes('"descriptors"')) ?? '{}';
  t.like(JSON.parse(line), {
    level: 'warning',
    cure: 'ulimit -n 4096 before the members are started',
  });
});

test('too little memory', async (t) => {
  const { memoryIn } = (await import(
    pathToFileURL(`${root}dist/layers/command/doctor/place.js`).href
  )) as { memoryIn: (text: string) => Finding | undefined };
  const text = (available: number) =>
    `MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:   ${available} kB\nShmem:  1000 kB\n`;
  t.like(memoryIn(text(8_000_000)), { level: 'ok', check: 'memory' });
  t.like(memoryIn(text(100_000)), { level: 'warning', check: 'memory' });
  t.is(memoryIn(''), undefined);
});

test('the rights of the runtime directory', async (t) => {
  const stage = new Stage(t);
  const names = join(stage.directory.path, 'busbar');
  // Of a bus that is not there: else the buses of other tests would be looked at in the end.
  const look = async () => {
    const { findings } = await doctor(stage, '--bus', newBus());
    return findings.filter(({ check, level }) => check === 'directory' && level !== 'ok');
  };
  t.deepEqual(await look(), []);
  mkdirSync(names);
  chmodSync(names, 0o755);
  t.like((await look())[0], { level: 'problem', cure: `chmod 700 ${names}` });
  const ls = await stage.busbar('ls', '--bus', newBus());
  t.is(ls.code, 1);
  t.regex(ls.err, /cannot be used, because it has mode 0755; busbar doctor says how to cure it/);
  rmSync(names, { recursive: true });
  symlinkSync('/', names);
  t.regex((await look())[0]?.text ?? '', /because it is a symbolic link$/);
  rmSync(names);
  writeFileSync(names, '');
  t.regex((await look())[0]?.text ?? '', /because it is no directory$/);
  rmSync(names);
  chmodSync(stage.directory.path, 0o750);
  const [unused] = await look();
  t.like(unused, { level: 'warning', cure: `chmod 700 ${stage.directory.path}` });
  t.regex(unused?.text ?? '', /and not used, because it has mode 0750/);
});

test('a name that a dead controller left, and a bus of the same name elsewhere', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const member = await stage.member(bus, 'plain', 'moon');
  await member.kill();
  const left = await doctor(stage, '--bus', bus);
  t.is(left.code, 3);
  t.regex(
    left.findings.find(({ check }) => check === 'name')?.text ?? '',
    /died and left its name/,
  );
  t.is((await stage.busbar('ls', '--bus', bus)).code, 3);

  const elsewhere = new Stage(t);
  const other = await elsewhere.member(bus, 'plain', 'mars');
  await stage.member(bus, 'plain', 'moon');
  const finding = only(t, await doctor(stage, '--bus', bus));
  t.like(finding, { check: 'name', pid: other.pid });
  t.true(finding.text.includes(elsewhere.directory.path), finding.text);
});

test('a bus of another user', async (t) => {
  if (process.getuid?.() !== 0) {
    t.log('skipped: only root can become another user');
    t.pass();
    return;
  }
  const stage = new Stage(t);
  const bus = newBus();
  const stranger = inProcess(
    t,
    bus,
    async ({ busbar, bus, tell }) => {
      process.setgid?.(65534);
      process.setuid?.(65534);
      const endpoint = await busbar.join(bus);
      endpoint.on('message', () => undefined);
      tell(endpoint.id);
    },
    { XDG_RUNTIME_DIR: '' },
  );
  await stranger.next();
  const { code, findings } = await doctor(stage, '--bus', bus);
  t.is(code, 3);
  t.regex(
    findings.find(({ check }) => check === 'user')?.text ?? '',
    /^user 65534 has a bus named/,
  );
  const ls = await stage.busbar('ls', '--bus', bus);
  t.is(ls.code, 3);
  t.regex(ls.err, /user 65534 has one of that name, which only processes of that user can join/);
});

test('another token, and another version of the protocol', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const keeper = await stage.member(bus, 'secret', 'open sesame', 'vault');
  const socket = stage.directory.socket();
  t.like(only(t, await doctor(stage, '--bus', bus)), { level: 'problem', check: 'token' });
  await keeper.kill();
  rmSync(socket);
  const fixture = fileURLToPath(
    new URL('../../../test/fixtures/other_protocol.py', import.meta.url),
  );
  const later = spawn('python3', [fixture, socket], { env: stage.env });
  t.teardown(() => later.kill('SIGKILL'));
  await once(later.stdout, 'data');
  const finding = only(t, await doctor(stage, '--bus', bus));
  t.like(finding, { level: 'problem', check: 'protocol', pid: later.pid });
  t.regex(finding.text, /python3 other_protocol\.py/);
  const ls = await stage.busbar('ls', '--bus', bus);
  t.is(ls.code, 1);
  t.regex(ls.err, /; use the busbar of the version that its members have\n$/);
});

test('no room for another observer', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'plain', 'moon');
  await stage.member(bus, 'observers', '16');
  t.like(only(t, await doctor(stage, '--bus', bus)), { level: 'problem', check: 'observers' });
});

test('members of another version, and files that were replaced', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const copy = join(stage.directory.path, 'copy');
  mkdirSync(copy);
  cpSync(`${root}dist`, join(copy, 'dist'), { recursive: true });
  mkdirSync(join(copy, 'build/Release'), { recursive: true });
  cpSync(`${root}build/Release/busbar.node`, join(copy, 'build/Release/busbar.node'));
  symlinkSync(`${root}node_modules`, join(copy, 'node_modules'));
  const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  writeFileSync(join(copy, 'package.json'), JSON.stringify({ ...manifest, version: '0.0.7' }));
  const program = join(copy, 'member.mjs');
  writeFileSync(
    program,
    "import { join } from './dist/index.js';\n" +
      `const endpoint = await join('${bus}', { label: 'old' });\n` +
      "endpoint.on('message', () => {});\nconsole.log('joined');\n",
  );
  const old = spawn(process.execPath, [program], { env: stage.env });
  t.teardown(() => old.kill('SIGKILL'));
  await once(old.stdout, 'data');
  const versions = async () => {
    const { findings } = await doctor(stage, '--bus', bus);
    return findings.filter(({ check, level }) => check === 'versions' && level === 'note');
  };
  const [other] = await versions();
  t.is(other?.pid, old.pid);
  t.true(other?.text.endsWith(`uses busbar 0.0.7, and this is ${manifest.version}`), other?.text);
  rmSync(join(copy, 'build/Release/busbar.node'));
  const [replaced] = await versions();
  t.regex(replaced?.text ?? '', /runs a busbar whose files were replaced since$/);
});

test('a member that is killed while its controller is stopped is gone', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const keeper = await stage.member(bus, 'plain', 'keeper');
  const dead = await stage.member(bus, 'plain', 'dead');
  await keeper.stopped();
  await dead.kill();
  await turnsUntil(() => !readdirSync('/proc').includes(String(dead.pid)));
  const { code, findings } = await doctor(stage, '--bus', bus);
  t.is(code, 1);
  t.like(
    findings.find(({ level }) => level === 'problem'),
    { pid: keeper.pid },
  );
  keeper.goOn();
  t.is((await stage.json('ls', '--bus', bus)).length, 1);
});
