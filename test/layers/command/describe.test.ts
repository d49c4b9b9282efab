// The command `describe`: interfaces of files and of services that run, in each form.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { printAsyncApi, printHtml, printMarkdown } from 'busbar/documents';
import { modelOf, parseYaml, printTypeScript, printYaml } from 'busbar/interface';
import { newBus } from '../../support/program.js';
import { examplesIn } from '../documents/support/html.js';
import { endOf, Stage } from './support/command.js';

const lamp = `interface: com.example.lamp
version: '1.0'
doc: Gives light.
methods:
  light: { args: { colour: string? } }
`;

test('describe prints a file in each form', async (t) => {
  const stage = new Stage(t);
  const file = join(stage.directory.path, 'lamp.busbar.yaml');
  writeFileSync(file, lamp);
  const given = await parseYaml(lamp);
  for (const [option, expected] of [
    [[], printYaml(given)],
    [['--yaml'], printYaml(given)],
    [['--ts'], printTypeScript(given)],
    [['--markdown'], printMarkdown(given)],
    [['--html'], printHtml(given)],
    [['--asyncapi'], printAsyncApi(given)],
    [['--json'], `${JSON.stringify(modelOf(given))}\n`],
  ] as const) {
    t.deepEqual(await stage.busbar('describe', file, ...option), {
      code: 0,
      out: expected,
      err: '',
    });
  }
});

test('describe asks a service what it serves', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'thermostat', 'kitchen');
  const whole = await stage.busbar('describe', bus, 'com.example.thermostat');
  t.is(whole.code, 0, whole.err);
  const given = await parseYaml(whole.out);
  t.is(given.version, '1.2');
  t.is(given.doc, 'Keeps a room warm.');
  t.deepEqual(Object.keys(given.signals), ['overheated']);
  for (const args of [
    [bus, 'thermostat'],
    [bus, 'thermostat/1'],
    ['thermostat', '--bus', bus],
    ['com.example.thermostat/1', '--bus', bus, '--to', 'kitchen'],
  ]) {
    t.deepEqual(await stage.busbar('describe', ...args), whole, args.join(' '));
  }
  const { out } = await stage.busbar('describe', bus, 'thermostat', '--html');
  t.is(out, printHtml(given));
});

test('describe says who is there if it does not find a service', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'thermostat', 'kitchen');
  for (const [args, code, problem] of [
    [
      [bus, 'thermostatt'],
      3,
      `nobody on '${bus}' serves 'thermostatt'; did you mean 'thermostat'?`,
    ],
    [[bus, 'thermostat/2'], 3, `nobody on '${bus}' serves 'thermostat/2'; did you mean`],
    [[bus, 'thermostat', '--to', 'bath'], 3, 'no server of thermostat matches bath'],
    [
      [bus, 'thermostat', '--bus', bus],
      2,
      `the bus is '${bus}' and that of --bus: say one of them`,
    ],
    [[bus, 'thermostat', '--html', '--yaml'], 2, '--yaml and --html: say one of them'],
    [['none.yaml'], 1, 'ENOENT'],
  ] as const) {
    const found = await stage.busbar('describe', ...args);
    t.is(found.code, code, found.err);
    t.is(found.out, '');
    t.true(found.err.startsWith(`busbar: ${problem}`), found.err);
  }
});

test('the examples of the page for a shell work as they stand', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'thermostat', 'kitchen');
  const { out } = await stage.busbar('describe', bus, 'thermostat', '--html');
  const [connecting = '', ...examples] = examplesIn(out, 'shell');
  // These go on until they are interrupted: a call that nobody ends, new values, what goes by.
  const commands = examples
    .filter((code) => !/\.hold |busbar tap/.test(code))
    .map((code) => code.replace(/^.* --watch$/m, ''));
  t.true(commands.length >= 6, examples.join('\n'));
  const script = ['set -e', connecting.replace('my-bus', bus), ...commands].join('\n');
  const {
    code,
    out: printed,
    err,
  } = await endOf(
    spawn('sh', ['-c', script], {
      env: { ...stage.env, PATH: stage.pathWithCommand() },
    }),
  );
  t.is(code, 0, `${script}\n${err}`);
  t.regex(printed, /com\.example\.thermostat/);
});
