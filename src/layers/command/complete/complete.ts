// What may come next on a command line. Shells ask for it with each press of the tabulator, so it
// says nothing rather than wait long or complain.
import { commands } from '../commands.js';
import type { Command, Completable, OptionHelp, OptionValues, Output } from '../usage.js';
import type { Candidate } from './candidate.js';

/** Asks the shell for the names of files. */
const fileNames: Candidate = { word: ':file' };

/** Prints what may stand for the last of some words. Returns the code to end with. */
export async function complete(words: readonly string[], output: Output): Promise<number> {
  let found: readonly Candidate[] = [];
  try {
    found = await candidates(words, output);
  } catch {
    // A shell would show it in the middle of the user's line.
  }
  for (const { word, help } of found) {
    // A word from a peer's label must be one line, and cannot be completed otherwise.
    if (/[\n\t\r]/.test(word)) continue;
    output.print(help === undefined ? word : `${word}\t${help.replace(/\s+/g, ' ')}`);
  }
  return 0;
}

async function candidates(words: readonly string[], output: Output): Promise<readonly Candidate[]> {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const [name, ...given] = before;
  if (name === undefined) return commandNames(current);
  if (name === 'help') return commandNames(current);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return [];
  const asked = { current, before: given, output, ...split(command, given) };
  const open = openOption(command, given);
  if (open !== undefined) return open === 'text' ? [] : byKind(open, asked);
  const assigned = /^(--[\w-]+=)(.*)$/s.exec(current);
  if (assigned !== null) {
    const [, prefix = '', value = ''] = assigned;
    const option = command.options[prefix.slice(2, -1)];
    const found = await byKind(option?.completes, { ...asked, current: value });
    return found.map(({ word, ...rest }) => ({ word: prefix + word, ...rest }));
  }
  if (current.startsWith('-')) return optionNames(command, current);
  return argumentsFor(name, command, asked);
}

function commandNames(current: string): readonly Candidate[] {
  return Object.entries(commands)
    .filter(([name]) => name.startsWith(current))
    .map(([word, { help }]) => ({ word, help }));
}

function optionNames({ options }: Command, current: string): readonly Candidate[] {
  return Object.entries(options)
    .map(([name, { help }]) => ({ word: `--${name}`, help }))
    .filter(({ word }) => word.startsWith(current));
}

/** What is being completed. */
interface Asked {
  readonly current: string;
  readonly positionals: readonly string[];
  readonly options: OptionValues;
  readonly output: Output;
}

/** The options and arguments so far, as far as they can be told without refusing any. */
function split(command: Command, words: readonly string[]) {
  const options: Record<string, string | boolean> = {};
  const positionals: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, name, value] = /^--([\w-]+)(?:=(.*))?$/s.exec(word) ?? [];
    const key = name ?? shortName(command, word);
    const option = key === undefined ? undefined : command.options[key];
    if (key === undefined || option === undefined) {
      if (!word.startsWith('-') || word === '-') positionals.push(word);
    } else if (option.type === 'boolean') {
      options[key] = true;
    } else {
      options[key] = value ?? words[++at] ?? '';
    }
  }
  return { options, positionals };
}

function shortName({ options }: Command, word: string): string | undefined {
  if (!/^-\w$/.test(word)) return undefined;
  return Object.entries(options).find(([, { short }]) => short === word[1])?.[0];
}

/** What the last option takes, if its value is to come: a kind, or `text` for anything. */
function openOption(command: Command, words: readonly string[]): Completable | 'text' | undefined {
  const last = words.at(-1) ?? '';
  const name = /^--([\w-]+)$/.exec(last)?.[1] ?? shortName(command, last);
  const option: OptionHelp | undefined = name === undefined ? undefined : command.options[name];
  if (option === undefined || option.type === 'boolean') return undefined;
  return option.completes ?? 'text';
}

async function argumentsFor(
  name: string,
  command: Command,
  asked: Asked,
): Promise<readonly Candidate[]> {
  const { positionals, current } = asked;
  if (name === 'completion') {
    return ['bash', 'zsh', 'fish']
      .filter((each) => each.startsWith(current))
      .map((word) => ({ word }));
  }
  if (name === 'call' && positionals.length > 0) {
    const { argumentNames } = await import('./live-names.js');
    return argumentNames(positionals, asked.options, current, asked.output);
  }
  if (name === 'send' && positionals.length === 1) return byKind('type', asked);
  if (name === 'send' && positionals.length > 1) {
    const { fieldNames } = await import('./live-names.js');
    return fieldNames(positionals, asked.options, current, asked.output);
  }
  if (command.completes === 'file') return [fileNames];
  return positionals.length > 0 ? [] : byKind(command.completes, asked);
}

async function byKind(
  kind: Completable | undefined,
  { current, options, output }: Asked,
): Promise<readonly Candidate[]> {
  if (kind === undefined) return [];
  if (kind === 'file') return [fileNames];
  if (kind === 'bus') {
    const { liveBuses } = await import('../bus/which-bus.js');
    const names = liveBuses(output).flatMap(({ name }) => name ?? []);
    return names.filter((word) => word.startsWith(current)).map((word) => ({ word }));
  }
  const { liveNames } = await import('./live-names.js');
  return liveNames(kind, options, current, output);
}
