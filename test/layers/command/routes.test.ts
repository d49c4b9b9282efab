// `describe --routes`: the tables of handlers that members let others see.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import test from 'ava';
import { newBus } from '../../support/program.js';
import { linesOf, Stage } from './support/command.js';

const file = fileURLToPath(new URL('../../../schemas/command.json', import.meta.url));
const ajv = new Ajv({ strict: true, allowUnionTypes: true });
ajv.addSchema(JSON.parse(readFileSync(file, 'utf8')), 'command');

interface Line {
  readonly member: { readonly label: readonly string[] };
  readonly name: string;
  readonly type: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly mode: string;
  readonly handled: number;
  readonly retried: number;
}

test('the routes of each member, with counters', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const warehouse = await stage.member(bus, 'warehouse', 'north');
  await stage.member(bus, 'warehouse', 'south');
  const sent = await stage.busbar('send', '-b', bus, 'north', 'com.example.move', 'x=1');
  t.is(sent.code, 0, sent.err);
  t.deepEqual(await warehouse.next(), { moved: { x: 1 } });
  const lines = await stage.json<Line>('describe', bus, 'north | south', '--routes');
  for (const line of lines) {
    t.true(ajv.validate('command#/definitions/routes', line), ajv.errorsText());
  }
  const of = (label: string) =>
    lines
      .filter(({ member }) => member.label.includes(label))
      .map(({ name, type, from, to, mode, handled, retried }) =>
        [name, type, from, to, mode, handled, retried].join(' '),
      );
  const rows = (handled: number) => [
    'tests Move test  serial 0 0',
    `moves Move   concurrent ${handled} ${handled}`,
    'Note Note  archive serial 0 0',
    'Blob Blob  unicast archive emit 0 0',
  ];
  t.deepEqual(of('north'), rows(1));
  t.deepEqual(of('south'), rows(0));
  const piped = await stage.busbar('describe', '-b', bus, '--routes', 'south');
  t.is(piped.code, 0, piped.err);
  t.deepEqual(
    linesOf(piped.out).map((line) => line.split('\t').slice(2, 6).join(' ')),
    ['tests Move test serial', 'moves Move  concurrent 4', 'Note Note  serial', 'Blob Blob  emit'],
  );
});

test('members without a table to see, and wrong use', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'plain', 'earth');
  const hidden = await stage.busbar('describe', bus, 'earth', '--routes');
  t.is(hidden.code, 3);
  t.regex(hidden.err, /^busbar: nobody of earth shows a table .* inspectable: true\n$/);
  const nobody = await stage.busbar('describe', bus, 'erth', '--routes');
  t.is(nobody.code, 3);
  t.regex(nobody.err, /did you mean 'earth'/);
  const two = await stage.busbar('describe', bus, 'earth', '--routes', '--ts');
  t.deepEqual([two.code, two.err], [2, 'busbar: --routes and --ts: say one of them\n']);
});

test('a member that does not answer is named', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'plain', 'controller');
  const stopped = await stage.member(bus, 'warehouse', 'north');
  await stage.member(bus, 'warehouse', 'south');
  await stopped.stopped();
  const { code, out, err } = await stage.busbar('describe', bus, 'north | south', '--routes');
  stopped.goOn();
  t.is(code, 1);
  t.is(linesOf(out).length, 4);
  t.regex(err, /^busbar: north,?.* \(\d+\): /);
});

test('top counts the messages of a table', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'warehouse', 'north');
  const sun = await stage.member(bus, 'sender', 'sun');
  const sending = setInterval(
    () => sun.say({ to: 'north', type: 'Move', payload: 1, times: 5 }),
    10,
  );
  t.teardown(() => clearInterval(sending));
  const rows = await stage.json('top', '-b', bus, '-n', '3', '--interval', '0.3', 'north');
  const last = rows.at(-1);
  t.true(JSON.stringify(last?.label).startsWith('["north"'));
  t.true(Number(last?.calls) > 0);
  t.true(Number(last?.running) >= 0);
});
