// Completion: what may come next, and that bash, zsh and fish offer it.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { newBus } from '../../support/program.js';
import { has } from '../../support/tools.js';
import { linesOf, Stage } from './support/command.js';

const execute = promisify(execFile);

/** A bus with a thermostat, in an environment that has the command `busbar`. */
async function house(t: ExecutionContext) {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'thermostat', 'kitchen');
  await stage.member(bus, 'plain', 'kitten', 'moon');
  const env = {
    ...stage.env,
    HOME: stage.directory.path,
    PATH: stage.pathWithCommand(),
    BUSBAR_BUS: bus,
  };
  const words = async (...typed: readonly string[]) => {
    const { code, out, err } = await stage.run(['__complete', '--', ...typed], { env });
    t.is(code, 0);
    t.is(err, '');
    return linesOf(out).map((line) => line.split('\t')[0]);
  };
  return { stage, bus, env, words };
}

test('commands, options, labels, members, arguments, values', async (t) => {
  const { bus, words } = await house(t);
  t.deepEqual(await words('ta'), ['tap']);
  t.deepEqual(await words('help', 'do'), ['doctor']);
  t.deepEqual(await words('completion', ''), ['bash', 'zsh', 'fish']);
  t.deepEqual(await words('ls', '--w'), ['--wide']);
  t.deepEqual(await words('ls', 'kit'), ['kitchen', 'kitten']);
  t.deepEqual(await words('ls', '!moon&kitc'), ['!moon&kitchen']);
  t.deepEqual(await words('ls', 'moon', ''), []);
  t.deepEqual(await words('call', 'thermostat.s'), [
    ...['thermostat.setTarget', 'thermostat.sum', 'thermostat.serial'],
  ]);
  t.deepEqual(await words('call', 'com.example.thermostat.t'), ['com.example.thermostat.target']);
  t.deepEqual(await words('call', 'thermostat.setTarget', ''), ['celsius=', 'mode=', 'note=']);
  t.deepEqual(await words('call', 'thermostat.setTarget', 'celsius=1', 'm'), ['mode=']);
  t.deepEqual(await words('call', 'thermostat.setTarget', 'mode='), ['mode=heat', 'mode=cool']);
  t.deepEqual(await words('call', '--to', 'moo'), ['moon']);
  t.deepEqual(await words('tap', '--type', 'com.example.thermostat/1.o'), [
    'com.example.thermostat/1.overheated',
  ]);
  t.deepEqual(await words('tap', '--type=com.example.thermostat/1.o'), [
    '--type=com.example.thermostat/1.overheated',
  ]);
  t.deepEqual(await words('send', 'kitchen', 'com.example.thermostat/1.setTarget', 'c'), [
    'celsius=',
  ]);
  t.deepEqual(await words('validate', ''), [':file']);
  t.deepEqual(await words('ls', '--token-file', ''), [':file']);
  if (process.platform === 'linux') t.deepEqual(await words('ls', '--bus', 'test-'), [bus]);
  t.deepEqual(await words('nonsense', 'x'), []);
  // Nobody there: nothing to offer, and nothing said.
  t.deepEqual(await words('ls', '--bus', 'no-such-bus', 'k'), []);
});

/** What bash offers for a line, by the function that it would call. */
async function byBash(env: NodeJS.ProcessEnv, line: string): Promise<readonly string[]> {
  // Bash splits the line at = and :, as readline does for COMP_WORDS.
  const script = `
    eval "$(busbar completion bash)"
    COMP_LINE=$1 COMP_POINT=\${#1}
    COMP_WORDS=($(printf '%s' "$1" | sed 's/\\([=:]\\)/ \\1 /g'))
    [[ $1 == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    compopt() { :; }
    _busbar
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await execute('bash', ['--norc', '-c', script, 'bash', line], { env });
  return linesOf(stdout);
}

test('bash', async (t) => {
  if (!has(t, 'bash')) return;
  const { env } = await house(t);
  t.deepEqual(await byBash(env, 'busbar ta'), ['tap']);
  t.deepEqual(await byBash(env, 'busbar call thermostat.setT'), ['thermostat.setTarget']);
  t.deepEqual(await byBash(env, 'busbar call thermostat.setTarget c'), ['celsius=']);
  // Readline replaces what is behind the last = only.
  t.deepEqual(await byBash(env, 'busbar call thermostat.setTarget mode=h'), ['heat']);
  t.deepEqual(await byBash(env, 'busbar call thermostat.setTarget mode='), ['heat', 'cool']);
});

test('fish', async (t) => {
  if (!has(t, 'fish')) return;
  const { env } = await house(t);
  const offered = async (line: string) => {
    const script = `busbar completion fish | source; complete -C '${line}'`;
    const { stdout } = await execute('fish', ['--no-config', '-c', script], { env });
    return linesOf(stdout).map((each) => each.split('\t')[0]);
  };
  t.deepEqual(await offered('busbar ta'), ['tap']);
  t.deepEqual(await offered('busbar call thermostat.setT'), ['thermostat.setTarget']);
  t.deepEqual(await offered('busbar call thermostat.setTarget mode=h'), ['mode=heat']);
});

test('zsh', async (t) => {
  if (!has(t, 'zsh') || !has(t, 'tmux')) return;
  const { stage, env } = await house(t);
  writeFileSync(
    join(stage.directory.path, '.zshrc'),
    'PS1="%% "\nautoload -Uz compinit && compinit -u\neval "$(busbar completion zsh)"\n',
  );
  const socket = join(stage.directory.path, 'tmux');
  const tmux = async (...args: readonly string[]) =>
    (await execute('tmux', ['-S', socket, '-f', '/dev/null', ...args], { env })).stdout;
  t.teardown(() => tmux('kill-server').catch(() => undefined));
  await tmux('new-session', '-d', '-x', '100', '-y', '20', 'zsh -i');
  const shows = async (text: string) => {
    while (!(await tmux('capture-pane', '-p')).includes(text));
  };
  await shows('%');
  await tmux('send-keys', 'busbar call thermostat.setT', 'Tab');
  await shows('busbar call thermostat.setTarget');
  await tmux('send-keys', 'mode=h', 'Tab');
  await shows('mode=heat');
  t.pass();
});
