// The command line in a terminal: tables, colours, the picture of `top`, keys, narrow windows.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { newBus } from '../../support/program.js';
import { has } from '../../support/tools.js';
import { linesOf, programFile, Stage } from './support/command.js';

const execute = promisify(execFile);

/** A terminal of tmux with a shell in it. */
class Terminal {
  readonly #socket: string;
  readonly #env: NodeJS.ProcessEnv;
  #commands = 0;

  constructor(t: ExecutionContext, stage: Stage) {
    this.#socket = join(stage.directory.path, 'tmux');
    this.#env = { ...stage.env, TMUX: undefined, PS1: '$ ' };
    t.teardown(() => this.tmux('kill-server').catch(() => undefined));
  }

  async tmux(...args: readonly string[]): Promise<string> {
    const all = ['-S', this.#socket, '-f', '/dev/null', ...args];
    return (await execute('tmux', all, { env: this.#env })).stdout;
  }

  async open(columns: number, rows: number): Promise<void> {
    const size = ['-x', String(columns), '-y', String(rows)];
    await this.tmux('new-session', '-d', ...size, 'sh');
    await this.shows(/^[$#]/m);
  }

  /** Types a command. */
  async busbar(...args: readonly string[]): Promise<void> {
    this.#commands += 1;
    const words = [process.execPath, programFile, ...args].map((word) => `'${word}'`);
    await this.tmux(
      'send-keys',
      '-l',
      `clear; ${words.join(' ')}; echo "${this.#commands}: code $?"`,
    );
    await this.tmux('send-keys', 'Enter');
  }

  async keys(...keys: readonly string[]): Promise<void> {
    await this.tmux('send-keys', ...keys);
  }

  /** What is on the screen, with its colours if wanted. */
  async screen(colours = false): Promise<string> {
    return this.tmux('capture-pane', '-p', ...(colours ? ['-e'] : []));
  }

  /** Resolves with the screen once it shows something. */
  async shows(what: RegExp): Promise<string> {
    for (;;) {
      const screen = await this.screen();
      if (what.test(screen)) return screen;
    }
  }

  /** Resolves with the screen once the last command has ended with this code. */
  ended(code: number): Promise<string> {
    return this.shows(new RegExp(`^${this.#commands}: code ${code}$`, 'm'));
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }
}

async function terminal(t: ExecutionContext) {
  const stage = new Stage(t);
  const bus = newBus();
  await stage.member(bus, 'thermostat', 'kitchen');
  await stage.member(bus, 'listener', 'moon', 'planet');
  return { stage, bus, terminal: new Terminal(t, stage) };
}

test('ls is a table, whose columns give way in a narrow window', async (t) => {
  if (!has(t, 'tmux')) return;
  const { bus, terminal: window } = await terminal(t);
  await window.open(120, 20);
  await window.busbar('ls', '-b', bus);
  const wide = linesOf(await window.ended(0));
  const head = wide.find((line) => line.includes('LABELS')) ?? '';
  const row = wide.find((line) => line.includes('moon, planet')) ?? '';
  t.is(row.indexOf('moon, planet'), head.indexOf('LABELS'));
  // The head stands out.
  t.true((await window.screen(true)).includes('\u001b[1m'));
  await window.resize(40, 20);
  await window.busbar('ls', '-b', bus);
  const narrow = linesOf(await window.ended(0));
  // One line for each member, none wrapped. Ids have 13 to 16 digits, which the states have to yield to.
  const members = narrow.filter((line) => /runni/.test(line));
  t.is(members.length, 2, narrow.join('\n'));
  for (const line of members) t.true(line.length <= 40, line);
});

test('NO_COLOR is obeyed', async (t) => {
  if (!has(t, 'tmux')) return;
  const { bus, terminal: window } = await terminal(t);
  await window.open(100, 20);
  await window.tmux('send-keys', '-l', 'export NO_COLOR=1');
  await window.keys('Enter');
  await window.busbar('ls', '-b', bus);
  await window.ended(0);
  t.false((await window.screen(true)).includes('\u001b['));
});

test('top redraws, sorts, pauses, follows the size, and gives the screen back', async (t) => {
  if (!has(t, 'tmux')) return;
  const { stage, bus, terminal: window } = await terminal(t);
  const sun = await stage.member(bus, 'sender', 'sun');
  const sending = setInterval(() => sun.say({ to: 'moon', type: 'Move', payload: 1 }), 10);
  t.teardown(() => clearInterval(sending));
  await window.open(110, 12);
  await window.busbar('top', '-b', bus, '--interval', '0.2');
  const first = await window.shows(/3 members, [1-9]/);
  t.regex(first, new RegExp(`busbar top: ${bus}`));
  t.regex(first, /q quit {2}p pause/);
  // Those with traffic are above the others, or all are in the order of their ids.
  t.regex(first, /\n(sun|moon,planet) .*\n(sun|moon,planet) .*\nkitchen/);
  await window.keys('i');
  await window.shows(/\nkitchen,.*\nmoon,planet .*\nsun /);
  await window.keys('s');
  await window.shows(/SENT\/S.*\nsun /);
  await window.keys('p');
  await window.shows(/PAUSED/);
  await window.keys('p');
  // Narrow, and too low for all members.
  await window.resize(50, 5);
  const small = await window.shows(/^MEMBER(?!.*LOST)/m);
  for (const line of linesOf(small)) t.true(line.length <= 50, line);
  await window.resize(110, 12);
  await window.shows(/LOST\/S/);
  await window.keys('q');
  const after = await window.ended(0);
  t.false(after.includes('SENT/S'));
  await window.busbar('top', '-b', bus);
  await window.shows(/counting|members/);
  await window.keys('C-c');
  await window.ended(130);
});

test('tap writes one line for each message, and no control characters of peers', async (t) => {
  if (!has(t, 'tmux')) return;
  const { stage, bus, terminal: window } = await terminal(t);
  const sun = await stage.member(bus, 'sender', 'sun\u001b[2J');
  const order = { to: 'moon', type: 'Note', payload: { text: 'a\u001b[31mb\nc' } };
  const sending = setInterval(() => sun.say(order), 50);
  t.teardown(() => clearInterval(sending));
  await window.open(120, 20);
  await window.busbar('tap', '-b', bus, '-n', '2', '--type', 'com.example.note');
  const screen = await window.ended(0);
  const lines = linesOf(screen).filter((line) => line.includes('com.example.note'));
  t.is(lines.length, 2, screen);
  for (const line of lines) {
    t.regex(
      line,
      /^\d\d:\d\d:\d\d\.\d{6} sun\\x1b\[2J → moon,planet {2}com\.example\.note {2}\{ text: /,
    );
  }
});

test('call and doctor write for people', async (t) => {
  if (!has(t, 'tmux')) return;
  const { bus, terminal: window } = await terminal(t);
  await window.open(60, 30);
  await window.busbar(
    'call',
    '-b',
    bus,
    'thermostat.echo',
    'at=2026-01-02T03:04:05Z',
    'big=1',
    'raw=',
    'any={"a":"0123456789"}',
  );
  const screen = await window.ended(0);
  // Too long for a line, so it has several.
  t.regex(screen, /^\{\n {2}"at": "2026-01-02T03:04:05\.000Z",\n/m);
  await window.busbar('doctor', '-b', bus, 'mon');
  const said = await window.ended(1);
  t.regex(said, /→ correct the label/);
});
