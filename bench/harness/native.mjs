// Compiles what is not JavaScript: the C++ programs of ../native and the Rust program of ../ipmb.
// Without a compiler the peers that need it are left out, and one line says so.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BENCH = `${ROOT}bench/`;
const EXE = process.platform === 'win32' ? '.exe' : '';
const IPMB = `${BENCH}ipmb/target/release/ipmb-bench${EXE}`;
const COMPILE_TIMEOUT = 300_000;

/**
 * The programs, each with its sources. A program that uses busbar's own core lists the core's
 * sources and include folders here.
 * @type {Record<string, { sources: string[], include?: string[] }>}
 */
const PROGRAMS = {
  bare_ring: { sources: ['native/bare_ring.cc'] },
  bare_sendmsg: { sources: ['native/bare_sendmsg.cc'] },
  core_rate: {
    sources: ['native/core_rate.cc', '../build/Release/busbar_core.a'],
    include: ['../native'],
  },
  c_api: {
    sources: ['native/c_api.cc', '../build/Release/ffi/libbusbar.so'],
    include: ['../native/ffi/include'],
  },
  rpc_calls: {
    sources: [
      'native/rpc_calls.cc',
      // Built by `npm run compile:tests`.
      '../build/c/gcc/libbusbar_rpc.a',
      '../build/Release/ffi/libbusbar.so',
    ],
    include: ['../native/ffi/include'],
  },
};

/**
 * Compiles all that is missing or older than its source.
 * @param {(line: string) => void} say
 * @param {string} [root] the folder of another build of busbar: only what uses busbar
 */
export function buildPrograms(say, root = ROOT) {
  mkdirSync(benchOf(root).concat('build'), { recursive: true });
  for (const [name, { include }] of Object.entries(PROGRAMS))
    if ((include || root === ROOT) && !isFresh(name, root)) compile(name, say, root);
  if (root === ROOT && !isFreshIpmb()) buildIpmb(say);
}

/** @param {string} name a program of ../native @param {string} [root] @returns {string} */
export function programPath(name, root) {
  return `${benchOf(root)}build/${name}${EXE}`;
}

/** @param {string} name @param {string} [root] @returns {string | undefined} why it cannot run */
export function programMissing(name, root) {
  return existsSync(programPath(name, root))
    ? undefined
    : `${name} is not built (no C++ compiler?)`;
}

/** @returns {string} the path of the ipmb program */
export function ipmbProgram() {
  return IPMB;
}

/** @returns {string | undefined} why ipmb cannot be measured here */
export function ipmbMissing() {
  return existsSync(IPMB)
    ? undefined
    : 'ipmb is not built (no cargo, or its registry is out of reach)';
}

function benchOf(root = ROOT) {
  return join(root, 'bench/');
}

function compile(name, say, root) {
  const { sources, include = [] } = PROGRAMS[name];
  const args = ['-std=c++20', '-O2', '-Wall', '-Wextra', '-pthread'].concat(
    include.map((folder) => `-I${folder}`),
    sources,
    '-o',
    programPath(name, root),
    `-Wl,-rpath,${benchOf(root)}../build/Release/ffi`,
  );
  for (const compiler of [process.env.CXX, 'g++', 'clang++'].filter(Boolean)) {
    const { status, error, stderr } = spawnSync(compiler, args, {
      cwd: benchOf(root),
      encoding: 'utf8',
      timeout: COMPILE_TIMEOUT,
    });
    if (error) continue; // not there: try the next one
    if (status !== 0) say(`${name} does not compile with ${compiler}:\n${stderr}`);
    return;
  }
  say(`${name} is left out: no C++ compiler here`);
}

function buildIpmb(say) {
  const options = { cwd: `${BENCH}ipmb`, encoding: 'utf8', timeout: COMPILE_TIMEOUT };
  if (spawnSync('cargo', ['--version']).status !== 0) return say('ipmb is left out: no cargo here');
  say('building the ipmb program (once)');
  for (const online of ['--offline', '--locked']) {
    const { status } = spawnSync(
      'cargo',
      ['build', '--release', '--quiet', '--jobs', '2', online],
      options,
    );
    if (status === 0) return;
  }
  say('ipmb is left out: cargo cannot build it (its registry is out of reach?)');
}

function isFresh(name, root) {
  const bench = benchOf(root);
  const headers = readdirSync(`${bench}native`).map((file) => `${bench}native/${file}`);
  const sources = PROGRAMS[name].sources.map((source) => `${bench}${source}`);
  return isNewer(programPath(name, root), [...sources, ...headers]);
}

function isFreshIpmb() {
  const files = readdirSync(`${BENCH}ipmb/src`).map((file) => `${BENCH}ipmb/src/${file}`);
  return isNewer(IPMB, [...files, `${BENCH}ipmb/Cargo.toml`]);
}

function isNewer(result, sources) {
  if (!existsSync(result)) return false;
  const built = statSync(result).mtimeMs;
  return sources.every((source) => statSync(source).mtimeMs < built);
}
