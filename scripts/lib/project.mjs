// Shared by the scripts: the project's folder, running programs, listing files.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with package.json, without a trailing slash. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Resolves a file of an installed package, as in `installed('typescript/bin/tsc')`. */
export const installed = createRequire(import.meta.url).resolve;

/**
 * Paths of the files below `folders` whose names end in one of `endings`: relative to the root,
 * with forward slashes, sorted by code unit so that the order is the same on every machine. A
 * missing folder counts as empty.
 */
export function listFiles(folders, endings) {
  const found = [];
  for (const folder of folders) {
    const top = join(root, folder);
    if (!existsSync(top)) continue;
    for (const entry of readdirSync(top, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !endings.some((ending) => entry.name.endsWith(ending))) continue;
      found.push(relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
    }
  }
  return found.sort();
}

const ownFolders = { linux: 'linux', win32: 'windows', darwin: 'macos' };

/** The folders of native/ for a system, which is named as in Node. */
export function platformFoldersOf(platform) {
  const own = `native/${ownFolders[platform]}`;
  return platform === 'win32' ? [own] : ['native/posix', own];
}

/**
 * The C++ sources below `folders` for a system: without the folders of native/, and the files, that
 * are named after another one.
 */
export function listNativeSources(folders, platform = process.platform) {
  const others = Object.values(ownFolders).filter((name) => name !== ownFolders[platform]);
  if (platform === 'win32') others.push('posix');
  const elsewhere = new RegExp(
    `^native/(?:${others.join('|')})/|/(?:${others.join('|')})_\\w+\\.cc$`,
    'u',
  );
  return listFiles(folders, ['.cc']).filter((file) => !elsewhere.test(file));
}

/** The text of a file, or undefined if there is none. */
export function textOf(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Runs a program in the project's folder; exits with its exit code unless that is 0. */
export function run(program, args, options = {}) {
  const { status, signal, error } = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    ...options,
  });
  if (error !== undefined) throw error;
  if (signal !== null) console.error(`${program} was ended by ${signal}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** Runs a script of an installed package with the running Node. */
export function runInstalled(script, args, options) {
  run(process.execPath, [installed(script), ...args], options);
}

/**
 * The prefix of the running Node if it has its own headers, else undefined. With headers the native
 * build needs no network; without them node-gyp downloads them.
 */
export function nodePrefixWithHeaders() {
  const folder = dirname(process.execPath);
  const prefix = process.platform === 'win32' ? folder : dirname(folder);
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? prefix : undefined;
}
