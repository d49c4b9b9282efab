// Runs one command of the command line `busbar`. Ends no process: main.ts does.
import { interfaceFileCommands } from './interface-files.js';
import { type Command, helpOf, type Output, parsed, UsageError } from './usage.js';

const commands: Readonly<Record<string, Command>> = { ...interfaceFileCommands };

function help(): string {
  const all = Object.values(commands).map(helpOf);
  return ['busbar COMMAND …', ...all, 'busbar help [COMMAND]'].join('\n\n');
}

/**
 * Runs a command. Returns the code that the program should end with: 0 if all is well, 1 if not, 2
 * if the command was used wrongly.
 */
export async function run(args: readonly string[], output: Output): Promise<number> {
  const [name = 'help', ...rest] = args;
  try {
    if (name === 'help' || name === '--help' || name === '-h') {
      const [about] = rest;
      output.print(about === undefined ? help() : helpOf(commandOf(about)));
      return args.length === 0 ? 2 : 0;
    }
    const command = commandOf(name);
    if (rest.includes('--help')) {
      output.print(helpOf(command));
      return 0;
    }
    const { positionals, values } = parsed(command, rest);
    return await command.run(positionals, values, output);
  } catch (error) {
    output.complain(`busbar: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function commandOf(name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return command;
  const known = Object.keys(commands).join(', ');
  throw new UsageError(`there is no command '${name}'; known: ${known}, help`);
}
