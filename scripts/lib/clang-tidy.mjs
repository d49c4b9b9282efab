// Runs clang-tidy on many files. CLANG_TIDY names the program, by default that of version 14.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forEach } from './native-objects.mjs';
import { root } from './project.mjs';
import { groupsOf } from './units.mjs';

const clangTidy = process.env.CLANG_TIDY ?? 'clang-tidy-14';

/**
 * The number of states after which the analyzer stops following the paths through a function. Its
 * default, four times as many, doubles the time of a run and has found nothing more here.
 */
const analyzerBudget = ['-Xclang', '-analyzer-config', '-Xclang', 'max-nodes=50000'];

/**
 * Resolves with whether all of `files` are clean. `argumentsFor(file)` returns the file's own
 * checks, if any, '--' and its compiler flags, which are the same for all files of a folder. Most
 * of the time for a small file is spent on the standard library, so several are checked as one,
 * except those that `isProgram` excludes.
 */
export async function tidyAll(files, argumentsFor, isProgram = () => false) {
  const groups = [
    ...groupsOf(files.filter((file) => !isProgram(file))),
    ...files.filter(isProgram).map((file) => ({ sources: [file] })),
  ];
  const results = await forEach(groups, ({ name, sources }) => {
    const args = [...argumentsFor(sources[0]), ...analyzerBudget];
    return sources.length === 1
      ? tidy(sources[0], args)
      : tidy(joined(name, sources), args, sources);
  });
  const unclean = results.filter(([, clean]) => !clean).length;
  console.log(
    `clang-tidy: ${files.length} files in ${groups.length} runs, ${unclean} with findings`,
  );
  return unclean === 0;
}

/**
 * Writes `sources` into one file, whose path it returns. It has their text and no includes of them:
 * the analyzer checks only the functions of the main file.
 */
function joined(name, sources) {
  const folder = join(root, 'build', 'tidy');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.cc`);
  writeFileSync(path, sources.map(textOf).join(''));
  return path;
}

const textOf = (source) => readFileSync(join(root, source), 'utf8');

/**
 * Resolves with whether a file, which may be made of `sources`, is clean; prints its findings in
 * one piece.
 */
function tidy(file, args, sources = [file]) {
  return new Promise((resolve, reject) => {
    const child = spawn(clangTidy, ['--quiet', file, ...args], { cwd: root });
    let output = '';
    const collect = (text) => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) console.error(inSources(output, file, sources));
      resolve(code === 0);
    });
  });
}

/** `output` with places in `file` replaced by those in its `sources`. */
function inSources(output, file, sources) {
  return output.replaceAll(/^(.+?):(\d+)(?=:\d+: )/gmu, (whole, where, place) => {
    if (where !== file) return whole;
    let line = Number(place);
    const source = sources.find((each) => {
      const lines = textOf(each).split('\n').length - 1;
      if (line <= lines) return true;
      line -= lines;
      return false;
    });
    return `${source}:${line}`;
  });
}
