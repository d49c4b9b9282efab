// What a command may be given, and how a wrong use is refused.
import { parseArgs } from 'node:util';

/** The command was used wrongly; the program ends with code 2. */
export class UsageError extends Error {}

/** Where a command writes. */
export interface Output {
  /** Writes results, on standard output. */
  readonly print: (text: string) => void;
  /** Writes what went wrong, on standard error. */
  readonly complain: (text: string) => void;
}

/** An option of a command: whether it takes a value, and what it does. */
export interface OptionHelp {
  readonly type: 'boolean' | 'string';
  readonly help: string;
}

/** The values of options, by name. */
export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** One command of the command line. */
export interface Command {
  /** How it is called: `diff OLD NEW`. */
  readonly usage: string;
  /** What it does, in a sentence. */
  readonly help: string;
  readonly options: Readonly<Record<string, OptionHelp>>;
  /** The fewest and most arguments. */
  readonly arity: readonly [least: number, most: number];
  /** Does it; returns the code that the program ends with. */
  readonly run: (args: readonly string[], options: OptionValues, output: Output) => Promise<number>;
}

/** Splits the arguments of a command into values and options. */
export function parsed(
  command: Command,
  args: readonly string[],
): { readonly positionals: readonly string[]; readonly values: OptionValues } {
  const { options, arity } = command;
  let found: { positionals: string[]; values: OptionValues };
  try {
    found = parseArgs({ args: [...args], options: { ...options }, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split('.')[0] ?? '') : '');
  }
  const { length } = found.positionals;
  if (length < arity[0] || length > arity[1]) {
    throw new UsageError(`usage: busbar ${command.usage}`);
  }
  return found;
}

/** The help of one command. */
export function helpOf({ usage, help, options }: Command): string {
  const lines = Object.entries(options).map(([name, { type, help: text }]) => {
    const form = `--${name}${type === 'string' ? ' VALUE' : ''}`;
    return `  ${form.padEnd(16)}${text}`;
  });
  return [`busbar ${usage}`, `  ${help}`, ...lines].join('\n');
}
