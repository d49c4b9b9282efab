// What a command is, what it may be given, and how a wrong use is refused.
import { parseArgs } from 'node:util';
import { didYouMean } from './nearest.js';

/** The command was used wrongly; the program ends with code 2. */
export class UsageError extends Error {}

/** The size of a terminal, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** What a command reads from and writes to. */
export interface Output {
  /** Writes results, on standard output. */
  readonly print: (text: string) => void;
  /** Writes what went wrong, on standard error. */
  readonly complain: (text: string) => void;
  /** Writes to standard output as it is, without a new line. */
  readonly write: (text: string) => void;
  /** The size of the terminal; `undefined` if standard output is none. */
  readonly terminal: () => TerminalSize | undefined;
  /** Whether to write colours. */
  readonly colour: boolean;
  /** Aborted when the user interrupts the program, or nobody reads its output any more. */
  readonly interrupted: AbortSignal;
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard input. */
  readonly input: NodeJS.ReadStream;
}

/** What a shell can complete as the value of an option or argument. */
export type Completable = 'bus' | 'file' | 'label' | 'member' | 'type';

/** An option of a command: whether it takes a value, and what it does. */
export interface OptionHelp {
  readonly type: 'boolean' | 'string';
  readonly help: string;
  /** What stands for its value in the help; `VALUE` without. */
  readonly value?: string;
  /** One letter. */
  readonly short?: string;
  /** Whether it may be given more than once. */
  readonly multiple?: boolean;
  /** What a shell completes its value with. */
  readonly completes?: Completable;
}

/** The values of options, by name. */
export type OptionValues = Readonly<
  Record<string, string | boolean | readonly string[] | undefined>
>;

/** Does what a command is for; returns the code that the program ends with. */
export type Run = (
  args: readonly string[],
  options: OptionValues,
  output: Output,
) => Promise<number>;

/** The headings of the help. */
export const groups = [
  'Look at a bus',
  'Talk to its members',
  'Interface files',
  'Journals',
  'Tools',
] as const;

/** One command of the command line. */
export interface Command {
  /** How it is called: `diff OLD NEW`. */
  readonly usage: string;
  /** What it does, in a sentence. */
  readonly help: string;
  /** The heading that the help lists it under. */
  readonly group?: (typeof groups)[number];
  /** More of it, for its own help: lines. */
  readonly details?: readonly string[];
  readonly options: Readonly<Record<string, OptionHelp>>;
  /** The fewest and most arguments. */
  readonly arity: readonly [least: number, most: number];
  /** What a shell completes its arguments with. */
  readonly completes?: Completable;
  /** Does it; returns the code that the program ends with. */
  readonly run: Run;
}

/** Splits the arguments of a command into values and options. */
export function parsed(
  command: Command,
  args: readonly string[],
): { readonly positionals: readonly string[]; readonly values: OptionValues } {
  const { options, arity } = command;
  let found: { positionals: string[]; values: OptionValues };
  try {
    const config = Object.fromEntries(
      Object.entries(options).map(([name, { type, short, multiple = false }]) => [
        name,
        { type, multiple, ...(short !== undefined && { short }) },
      ]),
    );
    const { positionals, values } = parseArgs({
      args: [...args],
      options: config,
      allowPositionals: true,
    });
    // Lists are of texts: no switch may be given more than once.
    found = { positionals, values: values as OptionValues };
  } catch (error) {
    throw new UsageError(refusalOf(error, Object.keys(options)));
  }
  const { length } = found.positionals;
  if (length < arity[0] || length > arity[1]) {
    throw new UsageError(`usage: busbar ${command.usage}`);
  }
  return found;
}

function refusalOf(error: unknown, known: readonly string[]): string {
  if (!(error instanceof Error)) return String(error);
  const [sentence = ''] = error.message.split('. ');
  const unknown = /^Unknown option '--?([^']+)'/.exec(sentence)?.[1];
  if (unknown === undefined) return sentence;
  const guess = didYouMean(unknown, known, '--');
  return `${sentence.replace(/\.$/, '')}${guess === '' ? '; see busbar COMMAND --help' : guess}`;
}

/** The help of one command. */
export function helpOf({ usage, help, options, details = [] }: Command): string {
  const forms = Object.entries(options).map(([name, option]) => [
    formOf(name, option),
    option.help,
  ]);
  const width = Math.max(14, ...forms.map(([form = '']) => form.length)) + 2;
  const lines = forms.map(([form = '', text]) => `  ${form.padEnd(width)}${text}`);
  const more = details.map((line) => (line === '' ? '' : `  ${line}`));
  return [`busbar ${usage}`, `  ${help}`, ...more, ...lines].join('\n');
}

function formOf(name: string, { type, value = 'VALUE', short }: OptionHelp): string {
  const letter = short === undefined ? '' : `-${short}, `;
  return `${letter}--${name}${type === 'string' ? ` ${value}` : ''}`;
}

/** The value of an option that takes one; `undefined` if it was not given. */
export function textOf(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The values of an option that may be given more than once. */
export function textsOf(options: OptionValues, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value : [];
}

/** The value of an option as a number of at least `least`. */
export function numberOf(options: OptionValues, name: string, least = 0): number | undefined {
  const text = textOf(options, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= least) return value;
  throw new UsageError(`--${name} is '${text}'; expected a number of ${least} or more`);
}
