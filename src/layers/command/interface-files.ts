// The commands for interface files: validate, format, diff, generate.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import {
  diff,
  formatYaml,
  type Interface,
  InterfaceFileError,
  interfaceOf,
  parseTypeScript,
  parseYaml,
  printTypeScript,
} from '../interface/index.js';
import { type Command, type Output, UsageError } from './usage.js';

const json = { type: 'boolean', help: 'print JSON, one value a line' } as const;

/** Reads an interface from YAML, our TypeScript, or the JSON of a model. */
async function load(file: string): Promise<Interface> {
  const text = await readFile(file, 'utf8');
  switch (extname(file)) {
    case '.yaml':
    case '.yml':
      return parseYaml(text, { file });
    case '.ts':
      return parseTypeScript(text, { file });
    case '.json':
      return interfaceOf(JSON.parse(text));
    default:
      throw new UsageError(`${file} is neither .yaml nor .ts nor .json`);
  }
}

const validate: Command = {
  usage: 'validate FILE…',
  help: 'Checks interface files (.yaml, .ts, .json).',
  options: { json },
  arity: [1, Number.POSITIVE_INFINITY],
  async run(files, options, output) {
    let code = 0;
    for (const file of files) {
      const problem = await problemOf(file);
      if (problem !== undefined) code = 1;
      if (options.json === true) output.print(JSON.stringify(report(file, problem)));
      else if (problem instanceof InterfaceFileError) output.complain(problem.message);
      else if (problem !== undefined) output.complain(`${file}: ${problem.message}`);
    }
    return code;
  },
};

async function problemOf(file: string): Promise<Error | undefined> {
  try {
    await load(file);
    return undefined;
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    return error;
  }
}

function report(file: string, problem: Error | undefined): object {
  if (problem === undefined) return { file, valid: true };
  const place =
    problem instanceof InterfaceFileError ? { line: problem.line, column: problem.column } : {};
  const text = problem instanceof InterfaceFileError ? problem.problem : problem.message;
  return { file, valid: false, ...place, problem: text };
}

const format: Command = {
  usage: 'format FILE…',
  help: 'Brings YAML files into the one form; ends with 1 if --check finds another.',
  options: { check: { type: 'boolean', help: 'change nothing, name the files that would change' } },
  arity: [1, Number.POSITIVE_INFINITY],
  async run(files, options, output) {
    let code = 0;
    for (const file of files) {
      const text = await readFile(file, 'utf8');
      const formatted = await formatYaml(text, { file });
      if (formatted === text) continue;
      output.print(file);
      if (options.check === true) code = 1;
      else await writeFile(file, formatted);
    }
    return code;
  },
};

const difference: Command = {
  usage: 'diff OLD NEW',
  help: 'Says what a change of an interface breaks; ends with 1 if NEW lacks the version for it.',
  options: { json },
  arity: [2, 2],
  async run([before = '', after = ''], options, output) {
    const [old, next] = [await load(before), await load(after)];
    const found = diff(old, next);
    if (options.json === true) output.print(JSON.stringify(found));
    else printDiff(found, next.version, output);
    return found.isVersioned ? 0 : 1;
  },
};

function printDiff(found: ReturnType<typeof diff>, version: string, output: Output): void {
  for (const { effect, path, text } of found.changes) {
    output.print(`${effect.padEnd(15)} ${path}: ${text}`);
  }
  if (!found.isVersioned) {
    output.complain(`the version is ${version}; these changes need ${found.version}`);
  }
}

const generate: Command = {
  usage: 'generate FILE --ts',
  help: 'Writes code for an interface: to standard output, or into a folder.',
  options: {
    ts: { type: 'boolean', help: 'TypeScript' },
    out: { type: 'string', help: 'the folder to write FILE.ts into' },
  },
  arity: [1, 1],
  async run([file = ''], { ts, out }, output) {
    if (ts !== true) throw new UsageError('say what to generate: --ts');
    const code = printTypeScript(await load(file));
    if (typeof out !== 'string') {
      output.print(code.trimEnd());
      return 0;
    }
    await mkdir(out, { recursive: true });
    const name = basename(file, extname(file)).replace(/\.busbar$/, '');
    const target = join(out, `${name}.ts`);
    await writeFile(target, code);
    output.print(target);
    return 0;
  },
};

/** The commands for interface files, by name. */
export const interfaceFileCommands: Readonly<Record<string, Command>> = {
  validate,
  format,
  diff: difference,
  generate,
};
