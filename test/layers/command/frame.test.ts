// What all commands have in common: help, exit codes, errors in one sentence, JSON by its schema.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import test from 'ava';
import { newBus } from '../../support/program.js';
import { endOf, linesOf, Stage } from './support/command.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const schema = JSON.parse(readFileSync(`${root}schemas/command.json`, 'utf8'));
const ajv = new Ajv({ strict: true, allowUnionTypes: true });
ajv.addSchema(schema, 'command');

test('help names every command, and says what each takes', async (t) => {
  const stage = new Stage(t);
  const { code, out } = await stage.busbar('help');
  t.is(code, 0);
  const names = [...out.matchAll(/^ {2}([a-z]+) {2,}[A-Z]/gm)].map(([, name = '']) => name);
  t.true(names.length >= 10, out);
  for (const name of names) {
    const help = await stage.busbar(name, '--help');
    t.is(help.code, 0);
    t.true(help.out.startsWith(`busbar ${name}`));
    t.deepEqual(await stage.busbar('help', name), help);
    // In JSON or in no form that needs one: each option has its line.
    for (const line of linesOf(help.out)) t.true(line.length <= 100, line);
  }
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  t.is((await stage.busbar('--version')).out, `${version}\n`);
  t.is((await stage.busbar()).code, 2);
});

test('a wrong use ends with 2 and says what was meant', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  for (const [args, problem] of [
    [['lss'], "there is no command 'lss'; did you mean 'ls'?"],
    [['help', 'tab'], "there is no command 'tab'; did you mean 'tap'?"],
    [['ls', '--jsn'], "Unknown option '--jsn'; did you mean '--json'?"],
    [['ls', 'a', 'b'], 'usage: busbar ls [SELECTOR]'],
    [
      ['top', '--interval', 'fast', '-b', bus],
      "--interval is 'fast'; expected a number of 0.1 or more",
    ],
    [['ls', '(a', '-b', bus], "'(a' is no label expression: '(' without ')' (column 1)"],
    [['call', 'x', '-b', bus], "'x' is no INTERFACE.MEMBER, as in thermostat.setTarget"],
    [
      ['tap', '--where', 'x >', '-b', bus],
      "--where 'x >': expected a field, a number or a text in quotes at the end",
    ],
  ] as const) {
    const { code, out, err } = await stage.busbar(...args);
    t.is(code, 2, err);
    t.is(out, '');
    t.is(err.split('\n')[0], `busbar: ${problem}`);
    t.false(err.includes('    at '), err);
  }
});

test('nobody there is 3, for each command, and says what to do', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  for (const args of [['ls'], ['top', '-n', '1'], ['tap', '-n', '1'], ['call', 'a.b.c']]) {
    const { code, out, err } = await stage.busbar(...args, '--bus', bus);
    t.is(code, 3, err);
    t.is(out, '');
    t.is(
      err,
      `busbar: nobody is on the bus '${bus}'; start a program that joins it, or name another with --bus\n`,
    );
  }
  const none = await stage.busbar('ls');
  t.is(none.code, 3);
  t.regex(none.err, /this user has no bus; start a program/);
});

test('the bus is the one named, that of the environment, or the only one', async (t) => {
  const stage = new Stage(t);
  const [bus, other] = [newBus(), newBus()];
  await stage.member(bus, 'plain', 'moon');
  t.like((await stage.json('ls'))[0], { label: ['moon'] });
  await stage.member(other, 'plain', 'mars');
  t.like((await stage.json('ls', '-b', other))[0], { label: ['mars'] });
  const { out } = await stage.run(['ls', '--json'], { env: { BUSBAR_BUS: other } });
  t.like(JSON.parse(out), { label: ['mars'] });
  const buses = await stage.json('ls');
  t.deepEqual(buses.map((each) => each.bus).sort(), [bus, other].sort());
  const { code, err } = await stage.busbar('tap');
  t.is(code, 2);
  t.true(err.includes('say which bus, by --bus NAME or BUSBAR_BUS: '), err);
});

test('a token comes from a file or the environment, and its lack is said', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'secret', 'open sesame', 'vault');
  const refused = await stage.busbar('ls', '--bus', bus);
  t.is(refused.code, 1);
  t.regex(refused.err, /token.*; put its token into BUSBAR_TOKEN or a file for --token-file\n$/);
  const env = { BUSBAR_TOKEN: 'open sesame' };
  t.is((await stage.run(['ls', '--bus', bus], { env })).code, 0);
  const file = join(stage.directory.path, 'token');
  writeFileSync(file, 'open sesame\n');
  t.is((await stage.busbar('ls', '--bus', bus, '--token-file', file)).code, 0);
  const missing = await stage.busbar('ls', '--bus', bus, '--token-file', `${file}2`);
  t.is(missing.code, 1);
  t.regex(missing.err, /ENOENT.*; check the name of the file\n$/);
});

test('an interrupted command ends with 130', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const sender = await stage.member(bus, 'sender', 'sun');
  await stage.member(bus, 'listener', 'moon');
  const child = stage.start(['tap', '--bus', bus, '--json']);
  const ended = endOf(child);
  const seen = once(child.stdout as NodeJS.EventEmitter, 'data');
  const sending = setInterval(() => sender.say({ to: 'moon', type: 'Move', payload: 1 }), 20);
  t.teardown(() => clearInterval(sending));
  await seen;
  clearInterval(sending);
  child.kill('SIGINT');
  t.like(await ended, { code: 130, err: '' });
});

test('a reader that has enough is no failure', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  const sender = await stage.member(bus, 'sender', 'sun');
  await stage.member(bus, 'listener', 'moon');
  const child = stage.start(['tap', '--bus', bus]);
  const closed = once(child, 'exit');
  const sending = setInterval(() => sender.say({ to: 'moon', type: 'Move', payload: 1 }), 20);
  t.teardown(() => clearInterval(sending));
  await once(child.stdout as NodeJS.EventEmitter, 'data');
  child.stdout?.destroy();
  t.deepEqual(await closed, [0, null]);
  clearInterval(sending);
});

test('every line of JSON is as its schema says', async (t) => {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'thermostat', 'kitchen');
  await stage.member(bus, 'listener', 'moon');
  const sender = await stage.member(bus, 'sender', 'sun');
  const sending = setInterval(
    () => sender.say({ to: 'moon', type: 'Note', payload: { x: 1 } }),
    20,
  );
  t.teardown(() => clearInterval(sending));
  const file = join(stage.directory.path, 'lamp.yaml');
  writeFileSync(file, "interface: com.example.lamp\nversion: '1.0'\n");
  const commands: Readonly<Record<string, readonly (readonly string[])[]>> = {
    ls: [['ls'], ['ls', '--buses']],
    top: [['top', '-n', '2', '--interval', '0.1']],
    tap: [
      ['tap', '-n', '3'],
      ['tap', '-n', '1', '--bytes', '1'],
    ],
    call: [
      ['call', 'thermostat.setTarget', 'celsius=21'],
      ['call', 'thermostat.setTarget', 'celsius=99'],
      ['call', 'thermostat.history', 'count=2'],
      ['call', 'thermostat.setTarget', 'celsius=21', '--all'],
      ['call', 'thermostat.setTarget', 'celsius=99', '--all'],
      ['call', 'thermostat.target'],
    ],
    trace: [
      ['trace', 'thermostat.setTarget', 'celsius=21'],
      ['trace', 'thermostat.history', 'count=2'],
    ],
    send: [['send', 'moon', 'com.example.move', 'x=1', '--reply']],
    describe: [
      ['describe', file],
      ['describe', bus, 'thermostat'],
    ],
    validate: [['validate', file]],
    format: [['format', file]],
    diff: [['diff', file, file]],
    capture: [['capture', '-n', '1', '-o', join(stage.directory.path, 'x.pcapng')]],
    doctor: [['doctor'], ['doctor', 'nobody']],
    bench: [['bench', '--seconds', '0.05', '--bytes', '8']],
  };
  for (const [name, uses] of Object.entries(commands)) {
    const validate = ajv.compile({ $ref: `command#/definitions/${name}` });
    for (const args of uses) {
      const onBus = /^(ls|top|tap|trace|capture|call|send|doctor)$/.test(name)
        ? ['--bus', bus]
        : [];
      const { out, err } = await stage.busbar(...args, ...onBus, '--json');
      const lines = linesOf(out);
      t.true(lines.length > 0 || name === 'format', `${args.join(' ')}: ${err}`);
      for (const line of lines) {
        t.true(validate(JSON.parse(line)), `${line}\n${ajv.errorsText(validate.errors)}`);
      }
    }
  }
  clearInterval(sending);
  // The schemas are no rubber stamp.
  for (const name of Object.keys(commands)) {
    t.false(ajv.compile({ $ref: `command#/definitions/${name}` })({ anything: 1 }), name);
  }
});
