// The examples are programs of users: each runs as it stands, and what it prints is what the documents promise.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../examples/', import.meta.url));

/** What a demo prints, which is shown if it fails. */
async function show(t: ExecutionContext, file: string): Promise<string> {
  try {
    return (await run(process.execPath, [folder + file])).stdout;
  } catch (error) {
    t.log((error as { stdout?: string }).stdout ?? '');
    throw error;
  }
}

/** What each example prints; lines in any order where several endpoints print. */
const expected: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  'hello.mjs': ['moon answers: hello, earth'],
  'work-queue.mjs': ['1000 jobs done by 2 workers; the sum of squares is 333833500'],
  'events.mjs': [
    'kitchen joined',
    'hall joined',
    'garden joined',
    'peers: garden, hall, kitchen',
    'kitchen hears: light',
    '1 lamp told',
    'kitchen hears: off',
    'hall hears: off',
    'garden hears: off',
    '3 things told',
    'kitchen left',
    'peers: garden, hall',
  ],
  'worker-thread.mjs': ['the thread counted 1000000 bytes, 42 on average'],
  'types.mjs': [
    'pose 7 at 1.5, -2',
    'it is 293.15 K',
    'that was all',
    'refused a Weather: ERR_BUSBAR_SCHEMA_MISMATCH',
  ],
  'deliver.mjs': [
    'taken by 1',
    'received first',
    'received second',
    'handled by 1',
    'received third',
    'gave up: ERR_BUSBAR_ABORTED',
    'refused: ERR_BUSBAR_NO_RECIPIENT',
  ],
  'failover.mjs': [
    'the controller is controller, generation 1',
    /^(main|echo) took over after \d+\.\d ms$/,
    '10000 messages went there and back meanwhile, in order',
  ],
  'shared-memory.mjs': [
    'painted 1048576 bytes without sending one of them',
    'the painter was killed; its memory is free again',
    'allocated 1 region, had it again 1 time',
  ],
  'hand-over-server.mjs': ['the first process answered 20 times', 'its heir answered 20 times'],
};

for (const [name, lines] of Object.entries(expected)) {
  test(`${name} prints what it should`, async (t) => {
    const printed = (await run(process.execPath, [`${folder}${name}`])).stdout
      .trimEnd()
      .split('\n');
    t.is(printed.length, lines.length, printed.join('\n'));
    for (const line of lines) {
      t.true(
        printed.some((other) => (typeof line === 'string' ? other === line : line.test(other))),
        `${line} is not in:\n${printed.join('\n')}`,
      );
    }
  });
}

test('every example is run here', (t) => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.mjs'));
  t.deepEqual(files.sort(), Object.keys(expected).sort());
});

test('the demo loses nothing when its controller is killed', async (t) => {
  // Ends with an error, and so fails here, unless everything arrived.
  const stdout = await show(t, 'demo/demo.mjs');
  t.regex(stdout, /kill -9 \d+: the controller, keeper, is dead/);
  t.regex(stdout, /took over/);
  t.regex(stdout, /not one message between the survivors was lost/);
  t.false(stdout.includes('FAILED'));
  t.false(stdout.includes('\u001b'), 'colours without a terminal');
});

test('the frames demo harms no picture and gets all memory back when a viewer is killed', async (t) => {
  const stdout = await show(t, 'frames/frames.mjs');
  t.regex(stdout, /kill -9 \d+: the watcher is dead/);
  t.regex(stdout, /ok +(\d+) of \1 pictures came to the checker/);
  t.regex(stdout, /regions allocated, .* 0 still in use at the end/);
  t.false(stdout.includes('FAILED'));
});
