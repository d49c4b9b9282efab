// The commands for interface files: validate, format, diff. commands.ts describes them.
import { readFile, writeFile } from 'node:fs/promises';
import { diff, formatYaml, InterfaceFileError } from '../interface/index.js';
import { loadInterface } from './load-interface.js';
import { type Output, type Run, UsageError } from './usage.js';

/** Checks files. */
export const validate: Run = async (files, options, output) => {
  let code = 0;
  for (const file of files) {
    const problem = await problemOf(file);
    if (problem !== undefined) code = 1;
    if (options.json === true) output.print(JSON.stringify(report(file, problem)));
    else if (problem instanceof InterfaceFileError) output.complain(problem.message);
    else if (problem !== undefined) output.complain(`${file}: ${problem.message}`);
  }
  return code;
};

async function problemOf(file: string): Promise<Error | undefined> {
  try {
    await loadInterface(file);
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

/** Brings files into the one form. */
export const format: Run = async (files, options, output) => {
  let code = 0;
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    const formatted = await formatYaml(text, { file });
    if (formatted === text) continue;
    output.print(options.json === true ? JSON.stringify({ file }) : file);
    if (options.check === true) code = 1;
    else await writeFile(file, formatted);
  }
  return code;
};

/** Says what a change breaks. */
export const difference: Run = async ([before = '', after = ''], options, output) => {
  const [old, next] = [await loadInterface(before), await loadInterface(after)];
  const found = diff(old, next);
  if (options.json === true) output.print(JSON.stringify(found));
  else printDiff(found, next.version, output);
  return found.isVersioned ? 0 : 1;
};

function printDiff(found: ReturnType<typeof diff>, version: string, output: Output): void {
  for (const { effect, path, text } of found.changes) {
    output.print(`${effect.padEnd(15)} ${path}: ${text}`);
  }
  if (!found.isVersioned) {
    output.complain(`the version is ${version}; these changes need ${found.version}`);
  }
}
