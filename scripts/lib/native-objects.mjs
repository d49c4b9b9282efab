// Compiles C++ sources into objects outside of node-gyp's build, with flags of their own, as
// sanitizers and fuzzers need. Sources are combined into units; an object is rebuilt when one of
// its sources or any header is newer.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import {
  installed,
  listFiles,
  nodePrefixWithHeaders,
  platformFoldersOf,
  root,
} from './project.mjs';
import { unitsOf } from './units.mjs';

/** The flags of all such builds. */
export const commonFlags = [
  '-std=c++20',
  '-O1',
  // Line numbers for stacks; debug information about variables would take longer to write than the
  // code.
  '-g1',
  '-fno-omit-frame-pointer',
  '-fno-exceptions',
  '-fno-rtti',
  '-Inative',
];

/**
 * AddressSanitizer, with its leak check, and UndefinedBehaviorSanitizer; an error ends the program.
 */
export const addressSanitizer = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** The additional flags of native/node, as in binding.gyp. */
export function nodeApiFlags() {
  const prefix = nodePrefixWithHeaders();
  if (prefix === undefined) throw new Error('node_api.h is not beside the running Node');
  return [
    '-DNAPI_VERSION=9',
    '-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
    '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
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
  const headers = listFiles(['native', 'test'], ['.h', '.def']);
  const newestHeader = newestOf(headers);
  const objectOf = (file) => join(folder, `${relative(root, file)}.o`);
  const units = unitsOf(sources, join(folder, 'units'));
  const results = await forEach(units, (unit) => {
    const object = objectOf(unit.file);
    const newest = Math.max(newestHeader, changed(unit.file), newestOf(unit.sources));
    if (changed(object) > newest) return 0;
    mkdirSync(dirname(object), { recursive: true });
    const [program, ...before] = [compiler].flat();
    const all = [...before, ...commonFlags, ...flags];
    return exitCodeOf(program, [...all, '-c', unit.file, '-o', object]);
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
