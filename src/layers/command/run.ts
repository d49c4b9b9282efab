// Runs one command of the command line `busbar`. Ends no process: main.ts does.
import { commands } from './commands.js';
import { exitCode, exitCodeOf, sentenceOf } from './failure.js';
import { didYouMean } from './nearest.js';
import { type Command, groups, helpOf, type Output, parsed, UsageError } from './usage.js';

function help(): string {
  const names = Object.keys(commands);
  const width = Math.max(...names.map((name) => name.length)) + 2;
  const sections = groups.flatMap((heading) => {
    const lines = Object.entries(commands)
      .filter(([, { group }]) => (group ?? 'Interface files') === heading)
      .map(([name, { help: text }]) => `  ${name.padEnd(width)}${text}`);
    return lines.length === 0 ? [] : ['', heading, ...lines];
  });
  return [
    'busbar COMMAND [OPTION…] [ARGUMENT…]',
    ...sections,
    '',
    'busbar help COMMAND, or busbar COMMAND --help, says what a command takes.',
    'The bus is that of --bus or BUSBAR_BUS, or the only one of this user. Its token is read from',
    'BUSBAR_TOKEN or --token-file. Ends with 0 if all is well, 1 if not, 2 after a wrong use, 3 if',
    'nobody is there, 4 if the time is over, 130 if interrupted.',
  ].join('\n');
}

/**
 * Runs a command. Returns the code that the program should end with: see {@link exitCode}.
 */
export async function run(args: readonly string[], output: Output): Promise<number> {
  const [name = 'help', ...rest] = args;
  try {
    if (name === 'help' || name === '--help' || name === '-h') {
      const [about] = rest;
      output.print(about === undefined ? help() : helpOf(commandOf(about)));
      return args.length === 0 ? exitCode.usage : exitCode.ok;
    }
    if (name === '__complete') {
      const { complete } = await import('./complete/complete.js');
      return await complete(rest[0] === '--' ? rest.slice(1) : rest, output);
    }
    if (name === '--version' || name === '-v') {
      const { version } = await import('./version.js');
      output.print(version());
      return exitCode.ok;
    }
    const command = commandOf(name);
    const end = rest.indexOf('--');
    if (rest.slice(0, end < 0 ? undefined : end).includes('--help')) {
      output.print(helpOf(command));
      return exitCode.ok;
    }
    const { positionals, values } = parsed(command, rest);
    return await command.run(positionals, values, output);
  } catch (error) {
    if (output.interrupted.aborted) return exitCode.interrupted;
    const sentence = sentenceOf(error);
    if (sentence !== '') output.complain(`busbar: ${sentence}`);
    return exitCodeOf(error);
  }
}

function commandOf(name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return command;
  const guess = didYouMean(name, Object.keys(commands));
  const known = `; known: ${Object.keys(commands).join(', ')}, help`;
  throw new UsageError(`there is no command '${name}'${guess === '' ? known : guess}`);
}
