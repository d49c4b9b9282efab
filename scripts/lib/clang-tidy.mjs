// Runs clang-tidy on many files. CLANG_TIDY names another program than the one of version 14.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forEach } from './native-objects.mjs';
import { root } from './project.mjs';
import { groupsOf } from './units.mjs';

const clangTidy = process.env.CLANG_TIDY ?? 'clang-tidy-14';

/**
 * The analyzer follows the paths through a function until it has seen so many states. Its own choice, four times as many,
 * doubles the time of a run and has shown nothing more here.
 */
const analyzerBudget = ['-Xclang', '-analyzer-config', '-Xclang', 'max-nodes=50000'];

/**
 * Resolves with whether all of `files` are clean: `argumentsFor(file)` are its own checks, if any, '--' and its compiler's
 * flags, the same for all files of a folder. Most of the time for a small file goes into the standard library, so
 * several are looked at as one, but for those that `isProgram` says cannot stand beside others.
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
 * Writes `sources` into one file, whose path it returns. Their text, not includes of them: the analyzer looks at the
 * functions of the main file alone.
 */
function joined(name, sources) {
  const folder = join(root, 'build', 'tidy');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.cc`);
  writeFileSync(path, sources.map(textOf).join(''));
  return path;
}

const textOf = (source) => readFileSync(join(root, source), 'utf8');

/** Resolves to whether a file, which may be made of `sources`, is clean; prints what was found in one piece. */
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

/** `output` with the places of `sources` where it speaks of `file`, which is made of them. */
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
