// The examples of docs/guide/command-line.md, typed into a terminal as they stand there.
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { codeBlocks } from '../../support/markdown.js';
import { has } from '../../support/tools.js';
import { linesOf, Stage } from './support/command.js';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));

interface Example {
  readonly command: string;
  readonly lines: readonly string[];
}

/** The commands of the page with the lines that they print. */
function examples(): readonly Example[] {
  const page = readFileSync(`${root}docs/guide/command-line.md`, 'utf8');
  const found: { command: string; lines: string[] }[] = [];
  for (const { info, code } of codeBlocks(page)) {
    if (info !== 'console') continue;
    for (const line of linesOf(code)) {
      if (line.startsWith('$ ')) found.push({ command: line.slice(2), lines: [] });
      else found.at(-1)?.lines.push(line);
    }
  }
  return found;
}

/** Whether a line is as the page has it: `…` is anything, and so much space as there is. */
function isAs(expected: string, line: string): boolean {
  const parts = expected
    .split('…')
    .map((part) => part.trim().split(/\s+/).map(escaped).join('\\s+'));
  return new RegExp(`^\\s*${parts.join('.*')}\\s*$`).test(line);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

test('each command of the guide prints what it says', async (t) => {
  if (!has(t, 'tmux') || process.platform !== 'linux') return;
  t.timeout(300_000);
  const stage = new Stage(t);
  const house = fork(`${root}examples/command-line.mjs`, ['stay'], { env: stage.env });
  t.teardown(() => house.kill('SIGKILL'));
  const env = { ...stage.env, PATH: stage.pathWithCommand(), PS1: '$ ', TMUX: undefined };
  const socket = join(stage.directory.path, 'tmux');
  const tmux = async (...args: readonly string[]) =>
    (await execute('tmux', ['-S', socket, '-f', '/dev/null', ...args], { env })).stdout;
  t.teardown(() => tmux('kill-server').catch(() => undefined));
  // Wide enough for all of a line of JSON.
  await tmux('new-session', '-d', '-x', '1000', '-y', '50', '-c', stage.directory.path, 'sh');
  while (!(await stage.busbar('ls', '-b', 'house', 'sensor')).out.includes('sensor'));
  const all = examples();
  t.true(all.length > 20);
  for (const [number, { command, lines }] of all.entries()) {
    // The screen may still show the command before.
    const end = `END${number}`;
    const ended = new RegExp(`^${end}$`, 'm');
    await tmux('send-keys', '-l', ` clear; ${command}; echo ${end}`);
    await tmux('send-keys', 'Enter');
    let screen = '';
    while (!ended.test(screen)) screen = await tmux('capture-pane', '-p');
    const printed = linesOf(screen.slice(0, screen.search(ended))).filter(
      (line) => !line.includes('clear; '),
    );
    t.is(printed.length, lines.length, `${command}\n${screen}`);
    for (const [index, line] of lines.entries()) {
      t.true(isAs(line, printed[index] ?? ''), `${command}\n${line}\n${printed[index]}`);
    }
  }
  house.kill('SIGTERM');
  await once(house, 'exit');
});

test('every command is in the guide', (t) => {
  const page = readFileSync(`${root}docs/guide/command-line.md`, 'utf8');
  const source = readFileSync(`${root}src/layers/command/commands.ts`, 'utf8');
  const names = [...source.matchAll(/^ {2}([a-z]+): \{$/gm)].map(([, name = '']) => name);
  t.true(names.length > 12);
  t.deepEqual(
    names.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});
