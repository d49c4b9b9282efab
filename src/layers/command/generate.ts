// The command `generate`: code of interface files, once or again with each change.
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import {
  type Interface,
  moduleName,
  printCpp,
  printPython,
  printTypeScript,
} from '../interface/index.js';
import { exitCode } from './failure.js';
import { loadInterface } from './load-interface.js';
import { type OptionValues, type Output, type Run, textOf, UsageError } from './usage.js';

/** What can be generated, by option: the code, and the name of its file. */
const languages: Readonly<
  Record<
    string,
    { readonly print: (given: Interface) => string; readonly fileName: (name: string) => string }
  >
> = {
  ts: { print: printTypeScript, fileName: (name) => `${name}.ts` },
  cpp: { print: printCpp, fileName: (name) => `${name}.hpp` },
  python: { print: printPython, fileName: (name) => `${moduleName(name)}.py` },
};

/** Writes code. */
export const generate: Run = async (files, options, output) => {
  const chosen = Object.keys(languages).filter((language) => options[language] === true);
  if (chosen.length === 0) {
    const known = Object.keys(languages).map((language) => `--${language}`);
    throw new UsageError(`say what to generate: ${known.join(', ')}`);
  }
  const out = textOf(options, 'out');
  if (out === undefined) return print(files, chosen, options, output);
  const generator = new Generator(chosen, out, output);
  if (options.watch === true) return watch(files, generator, output);
  for (const file of files) await generator.write(file);
  return exitCode.ok;
};

async function print(
  files: readonly string[],
  chosen: readonly string[],
  options: OptionValues,
  output: Output,
): Promise<number> {
  if (options.watch === true || files.length > 1 || chosen.length > 1) {
    throw new UsageError('say where to write the files: --out FOLDER');
  }
  const given = await loadInterface(files[0] ?? '');
  output.write(languages[chosen[0] ?? '']?.print(given) ?? '');
  return exitCode.ok;
}

/** Writes the code of files into a folder, and knows what it has written. */
class Generator {
  readonly #chosen: readonly string[];
  readonly #out: string;
  readonly #output: Output;
  readonly #written = new Map<string, string>();

  constructor(chosen: readonly string[], out: string, output: Output) {
    this.#chosen = chosen;
    this.#out = out;
    this.#output = output;
  }

  /** Writes what has changed, and prints the names of those files. */
  async write(file: string): Promise<void> {
    const given = await loadInterface(file);
    await mkdir(this.#out, { recursive: true });
    const name = basename(file, extname(file)).replace(/\.busbar$/, '');
    for (const each of this.#chosen) {
      const language = languages[each];
      if (language === undefined) continue;
      const target = join(this.#out, language.fileName(name));
      const code = language.print(given);
      if (this.#written.get(target) === code) continue;
      await writeFile(target, code);
      this.#written.set(target, code);
      this.#output.print(target);
    }
  }
}

/** Writes again with each change, until the program is interrupted. Mistakes do not end it. */
async function watch(
  files: readonly string[],
  generator: Generator,
  output: Output,
): Promise<number> {
  const { watchFolders } = await import('./watch-files.js');
  const complaints = new Map<string, string>();
  const regenerate = async (file: string) => {
    let problem = '';
    try {
      await generator.write(file);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      problem = error instanceof Error ? error.message : String(error);
    }
    if (problem !== '' && complaints.get(file) !== problem) output.complain(problem);
    complaints.set(file, problem);
  };
  await watchFolders(files, regenerate, output.interrupted);
  return exitCode.interrupted;
}
