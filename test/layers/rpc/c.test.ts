// Calls between Node and a program in C, which has nothing but busbar_rpc.h and a few lines of
// MessagePack, in both directions.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { defineInterface, t as types } from 'busbar/interface';
import { connect, isError, serve } from 'busbar/rpc';
import { newBus } from '../../support/program.js';

const Scale = defineInterface('com.example.scale', '1.0', {
  methods: {
    twice: {
      args: { a: types.u8 },
      returns: types.u8,
      errors: { TooHeavy: { a: types.u8 } },
    },
    left: { args: { a: types.u8 }, returns: types.u32 },
    busy: { args: { a: types.u8 }, returns: types.u8 },
    hold: { args: { a: types.u8 }, returns: types.u8 },
    missing: { args: { a: types.u8 }, returns: types.u8 },
  },
});

const onWindows = process.platform === 'win32';
const program = (compiler: string) =>
  fileURLToPath(
    new URL(
      onWindows ? '../../../build/win32-x64/rpc-c.exe' : `../../../build/c/${compiler}/rpc-c`,
      import.meta.url,
    ),
  );
const compilers = (onWindows ? ['mingw'] : ['gcc', 'clang']).filter((name) =>
  existsSync(program(name)),
);

/** A program that tells its news in lines. */
class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown[]>;
  readonly #lines: AsyncIterator<string>;

  constructor(t: ExecutionContext, command: string, args: readonly string[]) {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    t.teardown(() => child.kill('SIGKILL'));
    this.child = child;
    this.ended = once(child, 'exit');
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  async news(): Promise<string> {
    return (await this.#lines.next()).value as string;
  }
}

test('every compiler that CI has was used', (t) => {
  t.true(compilers.length > 0);
});

for (const compiler of compilers) {
  test(`C (${compiler}): metadata, errors and types of members on their own`, (t) => {
    t.is(spawnSync(program(compiler)).status, 0);
  });

  test(`C (${compiler}): a program answers methods`, async (t) => {
    const bus = newBus();
    const server = new Program(t, program(compiler), ['serve', bus]);
    t.is(await server.news(), 'serving');
    await using scale = await connect(bus, Scale);
    t.is(await scale.twice({ a: 21 }), 42);
    const heavy = await t.throwsAsync(scale.twice({ a: 99 }));
    if (!isError(Scale, 'TooHeavy', heavy)) return t.fail(String(heavy));
    t.is(heavy.data.a, 50);
    t.is(heavy.message, 'that is too heavy');
    const left = await scale.left({ a: 1 }, { timeout: 30_000 });
    t.true(left > 0 && left <= 30_000, `${left}`);
    await t.throwsAsync(scale.busy({ a: 1 }), { code: 'BUSY' });

    await t.throwsAsync(scale.hold({ a: 1 }, { timeout: 50 }), { code: 'DEADLINE' });
    t.deepEqual([await server.news(), await server.news()], ['held', 'cancelled']);
    const pending = t.throwsAsync(scale.hold({ a: 1 }), { code: 'PEER_GONE' });
    t.is(await server.news(), 'held');
    server.child.kill('SIGKILL');
    await pending;
  });

  test(`C (${compiler}): a program calls methods`, async (t) => {
    const bus = newBus();
    const holds: AbortSignal[] = [];
    let held = () => {};
    const twice = new Promise<void>((resolve) => {
      held = resolve;
    });
    const service = await serve(bus, Scale, {
      twice({ a }, call) {
        if (a > 50) throw call.error('TooHeavy', { a: 50 }, 'that is too heavy');
        return 2 * a;
      },
      left: () => 0,
      busy: () => 0,
      missing: () => 0,
      hold(_, call) {
        holds.push(call.signal);
        if (holds.length === 2) held();
        return new Promise(() => undefined);
      },
    });
    const client = new Program(t, program(compiler), ['call', bus]);
    t.is(await client.news(), 'result 42');
    t.is(await client.news(), 'TooHeavy: that is too heavy, 50');
    t.regex(await client.news(), /^UNKNOWN_METHOD: /);
    t.is(await client.news(), 'cancelled');
    await twice;
    t.deepEqual(
      holds.map(({ aborted }) => aborted),
      [true, false],
    );
    await service.close({ linger: 0 });
    t.regex(await client.news(), /^CANCELLED: /);
    t.deepEqual(await client.ended, [0, null]);
  });

  test(`C (${compiler}): the server of a call is killed`, async (t) => {
    const bus = newBus();
    const server = new Program(t, program(compiler), ['serve', bus]);
    t.is(await server.news(), 'serving');
    const client = new Program(t, program(compiler), ['call', bus]);
    t.is(await client.news(), 'result 42');
    t.is(await client.news(), 'TooHeavy: that is too heavy, 50');
    t.is(await client.news(), 'UNKNOWN_METHOD: it is not here, -1');
    t.is(await client.news(), 'cancelled');
    t.deepEqual(
      [await server.news(), await server.news(), await server.news()],
      ['held', 'cancelled', 'held'],
    );
    server.child.kill('SIGKILL');
    t.is(await client.news(), 'gone');
    t.deepEqual(await client.ended, [0, null]);
  });
}
