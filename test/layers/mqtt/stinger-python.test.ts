// Programs that stinger-ipc generates here and now, in Python, against bridges: its clients call servers
// of the bus, and its servers are called from the bus. `npm run check:python` names an interpreter that
// has stinger-ipc; without it these tests are skipped, and say so.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { bridgeMqtt } from 'busbar/mqtt';
import { connect } from 'busbar/rpc';
import { keepAlive } from '../../support/keep-alive.js';
import { newBus } from '../../support/program.js';
import { type LabClient, lab, labFile, sample, serveLab } from './support/lab.js';
import { lacksMosquitto, Mosquitto } from './support/mosquitto.js';

keepAlive(test);

const named = process.env.BUSBAR_STINGER_PYTHON;
const usual = fileURLToPath(new URL('../../../build/stinger-python/bin/python', import.meta.url));
const python = named ?? (existsSync(usual) ? usual : undefined);
const fixtures = fileURLToPath(new URL('../../../test/fixtures/', import.meta.url));

/** Whether a test has to be left out. An interpreter that is named must do. */
function lacksStinger(t: ExecutionContext): boolean {
  if (lacksMosquitto(t)) return true;
  if (python !== undefined) return false;
  t.pass('skipped');
  t.log('skipped: needs stinger-ipc, see npm run check:python');
  return true;
}

let generated = '';

test.before(() => {
  if (python === undefined) return;
  generated = mkdtempSync(join(tmpdir(), 'busbar-stinger-'));
  const program = join(dirname(python), 'stinger-ipc');
  const args = ['generate', fileURLToPath(labFile), generated, '--language', 'python'];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`stinger-ipc: ${stdout}${stderr}`);
});

test.after.always(() => {
  if (generated !== '') rmSync(generated, { recursive: true, force: true });
});

/** A generated program; it ends with the test. */
class Generated {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  constructor(t: ExecutionContext, name: string, args: readonly (string | number)[]) {
    const child = spawn(python ?? '', [join(fixtures, name), ...args.map(String)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PYTHONPATH: join(generated, 'src'),
        PYTHONDONTWRITEBYTECODE: '1',
      },
    });
    this.child = child;
    child.stderr.on('data', (data) => {
      this.#errors += String(data);
    });
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    t.teardown(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
  }

  async line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error(`the program has ended: ${this.#errors}`);
    return value;
  }

  say(text: string): void {
    this.child.stdin?.write(`${text}\n`);
  }

  /** What a client answers. */
  async do(...action: unknown[]): Promise<unknown> {
    this.say(JSON.stringify(action));
    return JSON.parse(await this.line());
  }
}

test('generated clients call servers on the bus', async (t) => {
  if (lacksStinger(t)) return;
  const broker = await Mosquitto.start(t);
  const bus = newBus();
  const service = await serveLab(bus);
  t.teardown(() => service.close({ linger: 0 }));
  const bridge = await bridgeMqtt(bus, broker.url, {
    profile: 'stinger',
    serve: [lab],
    instance: 'kitchen',
  });
  t.teardown(() => bridge.close());
  const client = new Generated(t, 'stinger_client.py', [broker.port]);
  t.deepEqual(JSON.parse(await client.line()), ['result', 'kitchen']);
  t.deepEqual(await client.do('values'), ['result', [12.5, { room: 'attic', mood: 1 }, 'B-17']]);
  t.deepEqual(await client.do('divide', 17, 5), ['result', { quotient: 3, rest: 2 }]);
  t.deepEqual(await client.do('divide', 1, 0), ['error', 2]);
  t.deepEqual(await client.do('rest'), ['result', null]);
  t.deepEqual(await client.do('mirror'), ['result', true]);
  // What it sets gets to the server, and the version of each new value to it.
  for (const level of [20, 30, 100]) {
    t.deepEqual(await client.do('set_level', level), ['result', null]);
    t.deepEqual(await client.do('wait_level', level), ['result', level]);
    t.deepEqual(service.level, { percent: level });
  }
  service.level = { percent: 3.5 };
  t.deepEqual(await client.do('wait_level', 3.5), ['result', 3.5]);
  service.emit.rang({ count: 7, mood: 'wild' });
  t.deepEqual(await client.do('next_rang'), ['result', [7, 6]]);
  service.emit.rang({ count: 8 });
  t.deepEqual(await client.do('next_rang'), ['result', [8, null]]);
});

test('generated servers are called from the bus', async (t) => {
  if (lacksStinger(t)) return;
  const broker = await Mosquitto.start(t);
  const bus = newBus();
  const bridge = await bridgeMqtt(bus, broker.url, { profile: 'stinger', connect: [lab] });
  t.teardown(() => bridge.close());
  const found = new Promise((resolve) => bridge.on('found', resolve));
  const server = new Generated(t, 'stinger_server.py', [broker.port, 'cellar']);
  t.is(await server.line(), 'ready');
  t.deepEqual(await found, { interface: 'stinger.lab', instance: 'cellar' });
  const options = { to: 'cellar', timeout: 60_000 };
  const caller = (await connect(bus, lab.source, options)) as unknown as LabClient;
  t.teardown(() => caller.close());
  t.deepEqual(await caller.divide({ dividend: 17, divisor: 5 }), { quotient: 3, rest: 2 });
  t.deepEqual(await caller.mirror({ sample }), { sample });
  t.is(await caller.rest(), undefined);
  await t.throwsAsync(caller.divide({ dividend: 1, divisor: 0 }), {
    code: 'HANDLER_FAILED',
    message: /server error: .*division/,
  } as never);
  t.deepEqual(await caller.place.get(), { room: 'cellar', mood: 'wild' });
  t.deepEqual(await caller.serial.get(), { text: 'P-3' });
  const { version } = await caller.level.read();
  const next = await caller.level.set({ percent: 50 }, { ifVersion: version });
  t.true(next > version);
  t.deepEqual(await caller.level.get(), { percent: 50 });
  await t.throwsAsync(caller.level.set({ percent: 60 }, { ifVersion: version }), {
    code: 'CONFLICT',
  } as never);
  await caller.place.set({ room: 'roof', mood: 'calm' });
  t.deepEqual(await caller.place.get(), { room: 'roof', mood: 'calm' });
  const rang = new Promise((resolve) => {
    const listening = caller.on('rang', resolve as (data: never) => void);
    void listening.ready.then(() => server.say('rang 4'));
  });
  t.deepEqual(await rang, { count: 4, mood: 'lively' });
  server.say('level 77');
  for await (const { value } of caller.level.watch()) if (value.percent === 77) break;
  const lost = new Promise((resolve) => bridge.on('lost', resolve));
  server.say('end');
  t.deepEqual(await lost, { interface: 'stinger.lab', instance: 'cellar' });
  t.deepEqual(bridge.instances, []);
});
