// The examples are programs of users: each runs unchanged, and prints what the documents promise.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { has } from './support/tools.js';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../examples/', import.meta.url));

/** The output of a demo, which is shown if it fails. */
async function show(t: ExecutionContext, file: string): Promise<string> {
  try {
    return (await run(process.execPath, [folder + file])).stdout;
  } catch (error) {
    t.log((error as { stdout?: string }).stdout ?? '');
    throw error;
  }
}

/** The output of each example; lines in any order where several endpoints print. */
const expected: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  'hello.mjs': ['the moon greets earth'],
  'messages.mjs': ['moon answers: hello, earth'],
  'calls.mjs': [
    'accepted: true',
    'at most 30',
    'too slow: DEADLINE',
    'target: 21',
    'overheated: 28',
    'all servers: 2',
    'killed: PEER_GONE, executed: maybe',
    'the other one: true',
  ],
  'streams.mjs': [
    'minute 0: 20 °C',
    'minute 1: 20.1 °C',
    'minute 2: 20.2 °C',
    'in batches: 10000',
    'imported: 5',
    'the generator has ended',
    'the generator has ended',
    'the generator has ended',
  ],
  'wires.mjs': [
    'pipes: hello, child',
    'streamed: 500500',
    'killed: PEER_GONE, maybe: WIRE_CUT',
    'tcp: hello, network',
    'another token: WIRE_TOKEN',
    'text: {"re":1,"result":"hello, shell"}',
  ],
  'gateway.mjs': [
    'POST /call/com.example.thermostat/1/setTarget 200 true',
    'POST /call/com.example.thermostat/1/setTarget 422 OutOfRange',
    'POST /call/com.example.thermostat/1/history 200 {"item":{"hour":0,"celsius":20}}',
    '{"item":{"hour":1,"celsius":20.5}}',
    '{"result":null}',
    'GET /property/com.example.thermostat/1/target 200 21',
    'PUT /property/com.example.thermostat/1/target 412 CONFLICT',
    'somebody else was faster',
    'client: true 23',
    'without the token: 401',
  ],
  'relay.mjs': [
    'target: 21',
    'mean: 21.15',
    'alarm: NO_RECIPIENT',
    'value is stale: true',
    'next server: 18',
  ],
  'mqtt.mjs': [
    'display: { celsius: 21 }',
    'home/readings: {"celsius":4}',
    'before: warm',
    'level: 80',
  ],
  'nats.mjs': ['display: { x: 7 }', 'not listed: 1', 'called: 42', 'mean: 21.15', 'in JSON: 8'],
  'receiving.mjs': [
    'nothing yet: ERR_BUSBAR_TIMEOUT',
    'recv: one',
    'loop: two',
    'listener: three',
    'listener: four',
    'listener: five',
  ],
  'metadata.mjs': [
    'the question with 50: done in less than 50 ms',
    'the question with 2000: done in less than 2000 ms',
    'undelivered: true, with 4 bytes beside it',
  ],
  'selectors.mjs': [
    'one lamp: 1',
    'all lamps: 3',
    'all that work: 2',
    'the same by functions: 2',
    'a label with a space: 1',
    'everybody: 4',
    'everybody else: 3',
    'nobody: 0',
    'this one and no other: 1',
    "ERR_BUSBAR_INVALID_SELECTOR: '(' without ')' (column 8)",
    '  lamp & (kitchen',
    '         ^',
  ],
  'slow-receivers.mjs': [
    'refused: ERR_BUSBAR_QUEUE_FULL',
    'dropped 1 message',
    'sendWhenReady: 1 endpoint has it',
    'there was room',
    'positions received: 1, 100',
    'superseded: 98',
  ],
  'errors.mjs': [
    'nobody has this label: ERR_BUSBAR_NO_RECIPIENT',
    'true',
    'too large: ERR_BUSBAR_TOO_LARGE',
    'payload is 2003 bytes long, which is more than maxMessageBytes (1000)',
    'misspelt: ERR_BUSBAR_INVALID_ARGUMENT',
    "unknown option 'tll' of send(); did you mean 'ttl'?",
    'too late: ERR_BUSBAR_TIMEOUT',
    'meanwhile: ERR_BUSBAR_CLOSED',
  ],
  'limits.mjs': [
    'ERR_BUSBAR_LIMIT_EXCEEDED',
    /^ERR_BUSBAR_LIMIT_EXCEEDED: .*\(maxLinks\)$/,
    /^ERR_BUSBAR_QUEUE_FULL: no room to keep a message /,
    'ERR_BUSBAR_UNDELIVERED: closed with 2 messages that no receiver had taken',
  ],
  'token.mjs': [
    'without a token: ERR_BUSBAR_TOKEN_MISMATCH',
    'another token: ERR_BUSBAR_TOKEN_MISMATCH',
    'with the token: sees member',
  ],
  'observe.mjs': [
    'planets: 2, observers: 1',
    /^sun -> moon: \d+ bytes$/,
    /^moon -> sun: \d+ bytes, an answer$/,
  ],
  'what-works.mjs': [
    'messages: yes',
    'kernel objects: yes',
    'memory regions: yes',
    'views of shared memory: yes',
  ],
  'work-queue.mjs': ['1000 jobs done by 2 workers; the sum of squares is 333833500'],
  'relabel.mjs': [
    'frame 1: 0 renderers are idle',
    'frame 1: done by renderer & codec & busy',
    'frame 2: 0 renderers are idle',
    'frame 2: done by renderer & codec & busy',
    'frame 3: 0 renderers are idle',
    'frame 3: done by renderer & codec & busy',
    '1 renderer is idle',
  ],
  'events.mjs': [
    'kitchen joined',
    'hall joined',
    'garden joined',
    'peers: garden, hall, kitchen',
    'works: kitchen',
    'kitchen hears: light',
    '1 lamp got it',
    'kitchen hears: off',
    'hall hears: off',
    'garden hears: off',
    '3 things got it',
    'kitchen left',
    'last words: so long',
    'peers: garden, hall',
  ],
  'tracing.mjs': [
    '3 left',
    'client com.example.shop/order',
    '  server com.example.shop/order',
    '    client com.example.stock/take',
    '      server com.example.stock/take',
  ],
  'diagnostics.mjs': [
    'join: earth',
    'join: moon',
    "send: plain of 6 bytes to 'unicast moon', 1 receivers",
    'receive: hello',
    "send: plain of 15 bytes to 'unicast mars', 0 receivers",
    'undelivered: anybody there?, ERR_BUSBAR_NO_RECIPIENT',
    'close: no error',
    'close: no error',
  ],
  'handlers.mjs': [
    'only a test: a drill',
    'shipped: a lamp',
    'shipped: a chair',
    'Order: attempt 2',
    'Order: attempt 3',
    'given up after 3 attempts: a bed, sold out',
    'the warehouse has handled everything',
    'the office has noted: a lamp for Ada, a chair for Ada',
    'drills (test), serial: 1 handled, 0 failed',
    'orders (anyone), ordered: 2 handled, 1 failed',
    'Shipped (anyone), emit: 0 handled, 0 failed',
    'Audit (anyone), emit: 2 handled, 0 failed',
    'flowchart LR',
  ],
  'journal.mjs': [
    '1 com.example.move planet { x: 1 }',
    '2 com.example.move planet { x: 2 }',
    'billing goes on at 3',
    'followed 3 entries',
  ],
  'sql.mjs': [
    `user 1 { name: "Robert'); drop table users; --" }`,
    'refused: SQLITE_CONSTRAINT_UNIQUE',
    'held by the other process: true',
    'left: { users: 2 }',
    "changed: [ { table: 'users', kind: 'delete', rowid: 2 } ]",
    `{ id: 1, name: "Robert'); drop table users; --" }`,
    "{ id: 3, name: 'Grace' }",
  ],
  'command-line.mjs': [
    'kitchen running',
    'panel running',
    'display running',
    'sensor running',
    'called: true',
    'seen: { celsius: 21.5 } from sensor',
  ],
  'worker-thread.mjs': ['the thread counted 1000000 bytes, 42 on average'],
  'bridge.mjs': [
    'passing on 5 bytes of type db3e773c-a534-517d-8f2f-59336324b95e',
    /^passing on \d+ bytes of type [-0-9a-f]{36}$/,
    'moon has Note: "hello"',
    'moon has Move: {"x":1,"y":2}',
  ],
  'types.mjs': [
    'pose 7 at 1.5, -2',
    'it is 293.15 K',
    'that was all',
    'refused a Weather: ERR_BUSBAR_SCHEMA_MISMATCH',
  ],
  'interfaces.mjs': [
    'sent: { celsius: 21 } received: { celsius: 21, fade: 0 }',
    'ERR_BUSBAR_INVALID_VALUE: celsius is "warm"; expected a number',
    'celsius is missing',
    "{ type: 'integer', minimum: 0, maximum: 255 }",
    'com.example.thermostat/1.setTarget 16241de4',
    'interface: com.example.thermostat',
    "version: '1.2'",
    'types:',
    '  Sample: { struct: { at: time, celsius: f64 } }',
    'methods:',
    '  setTarget:',
    '    args: { celsius: f64, fade: { type: duration, default: PT0S } }',
    '    returns: bool',
    '    errors: { OutOfRange: { min: f64, max: f64 } }',
    '    idempotent: true',
    '  history: { args: { since: time }, stream: Sample }',
    'properties:',
    '  target: { type: f64, access: read-write }',
    'signals:',
    '  overheated: { celsius: f64 }',
  ],
  'interface-files.mjs': [
    "import { defineInterface, type Infer, t } from 'busbar/interface';",
    '',
    "export const Mode = t.enum('Mode', ['heat', 'cool']);",
    'export type Mode = Infer<typeof Mode>;',
    '',
    "export const Thermostat = defineInterface('com.example.thermostat', '1.2', {",
    '  methods: {',
    '    /** Sets the temperature to reach. */',
    '    setTarget: { args: { celsius: t.f64, mode: t.optional(Mode) }, returns: t.bool },',
    '  },',
    '  signals: {',
    '    overheated: { celsius: t.f64 },',
    '  },',
    '});',
    '',
    'wire-breaking: methods.setTarget.args.celsius: removed, but older receivers require it',
    'wire-breaking: methods.setTarget.args.kelvin: added, but older senders do not send it',
    'compatible: types.Mode.dry: added; older receivers get it as a text',
    'compatible: signals.overheated.since: added; it may be missing',
    'needs version 2.0; it has 1.3',
    'lamp.busbar.yaml:4:14: signals.lit.by is "strin"; expected a type; did you mean \'string\'?',
  ],
  'documents.mjs': [
    '### setTarget',
    '',
    '**Arguments**',
    '',
    '| argument | type | |',
    '|---|---|---|',
    '| `celsius` | `f64` |  |',
    '',
    '**Returns**: `bool`',
    '',
    '**Error** `OutOfRange`',
    '',
    '| field | type | |',
    '|---|---|---|',
    '| `min` | `f64` |  |',
    '| `max` | `f64` |  |',
    '',
    '**Idempotent**: a call is sent again if its server dies.',
    '',
    '',
    'receive setTarget',
    'receive hold',
    'receive history',
    'receive import',
    'receive import.input',
    'receive target.get',
    'receive target.set',
    'send target.change',
    'send overheated',
    'HistoryArguments, HistoryError, HistoryItem, HoldArguments, HoldError, ImportError, ImportInput, ImportResult, OverheatedData, SetTargetArguments, SetTargetError, SetTargetOutOfRange, SetTargetOutOfRangeError, SetTargetResult, TargetError, TargetSetting, TargetState, TargetValue, TargetVersion',
    'the page: true',
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
    'allocated 1 region, reused it 1 time',
  ],
  'hand-over-server.mjs': ['the first process answered 20 times', 'its heir answered 20 times'],
};

for (const [name, lines] of Object.entries(expected)) {
  test(`${name} prints what it should`, async (t) => {
    if (name === 'nats.mjs' && !has(t, 'nats-server')) return;
    if (name === 'mqtt.mjs' && !has(t, 'mosquitto')) return;
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

test('the demo of calls goes on when their server is killed', async (t) => {
  const stdout = await show(t, 'demo/calls.mjs');
  t.regex(stdout, /kill -9 \d+, the server/);
  t.regex(stdout, /ok: every one of \d+ calls returned/);
  t.regex(stdout, /items without a gap, resumed [1-9]\d* times/);
});

test('the frames demo harms no picture and gets all memory back when a viewer is killed', async (t) => {
  const stdout = await show(t, 'frames/frames.mjs');
  t.regex(stdout, /kill -9 \d+: the watcher is dead/);
  t.regex(stdout, /ok +(\d+) of \1 pictures came to the checker/);
  t.regex(stdout, /regions allocated, .* 0 still in use at the end/);
  t.false(stdout.includes('FAILED'));
});
