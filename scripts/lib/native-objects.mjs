// Compiles C++ sources into objects outside of node-gyp's build: for sanitizers, fuzzers and other
// systems. Sources are combined into units; an object is rebuilt when one of its sources or any
// header is newer, or when its flags have changed.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { addonDefinitions, defining, language } from './compiler-flags.mjs';
import {
  installed,
  listFiles,
  nodePrefixWithHeaders,
  platformFoldersOf,
  root,
  textOf,
} from './project.mjs';
import { unitsOf } from './units.mjs';

/** The additional flags of native/node. */
export function nodeApiFlags() {
  const prefix = nodePrefixWithHeaders();
  if (prefix === undefined) throw new Error('node_api.h is not beside the running Node');
  return [
    ...defining(addonDefinitions),
    '-isystem',
    join(prefix, 'include', 'node'),
    '-isystem',
    dirname(installed('node-addon-api/napi.h')),
  ];
}

/** The folders of native/ for this system. */
export const platformFolders = platformFoldersOf(process.platform);

/**
 * Calls `work` for each item, as many at a time as there are processors; resolves with [item,
 * result] pairs.
 */
export async function forEach(items, work) {
  const waiting = [...items];
  const results = [];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      results.push([item, await work(item)]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

/**
 * Compiles `sources` into `folder` with `compiler`, a program or a program with its first
 * arguments. Resolves with the paths of the objects; exits with 1 if a source does not compile.
 */
export async function compileObjects({ compiler, flags, sources, folder }) {
  const headers = listFiles(['native', 'test'], ['.h', '.hpp', '.def']);
  const newestHeader = newestOf(headers);
  const objectOf = (file) => join(folder, `${relative(root, file)}.o`);
  const units = unitsOf(sources, join(folder, 'units'));
  const results = await forEach(units, async (unit) => {
    const object = objectOf(unit.file);
    const [program, ...before] = [compiler].flat();
    const args = [...before, ...language, '-Inative', ...flags, '-c', unit.file, '-o', object];
    const newest = Math.max(newestHeader, changed(unit.file), newestOf(unit.sources));
    const command = [program, ...args].join(' ');
    if (changed(object) > newest && textOf(`${object}.command`) === command) return 0;
    mkdirSync(dirname(object), { recursive: true });
    rmSync(`${object}.command`, { force: true });
    const code = await exitCodeOf(program, args);
    if (code === 0) writeFileSync(`${object}.command`, command);
    return code;
  });
  if (results.some(([, code]) => code !== 0)) process.exit(1);
  return units.map(({ file }) => objectOf(file));
}

const newestOf = (files) => Math.max(...files.map((file) => changed(join(root, file))));

/**
 * Resolves with the exit code of a program; its output goes to `stdio`, by default this process's.
 */
export function exitCodeOf(program, args, { stdio = 'inherit', env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    spawn(program, args, { cwd: root, env, stdio })
      .on('error', reject)
      .on('exit', (code) => resolve(code ?? 1));
  });
}

function changed(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}
