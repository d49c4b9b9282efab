// Compiles what is not JavaScript: the C++ programs of ../native, the Rust programs of ../ipmb and
// ../iceoryx2.
// Without a compiler the peers that need it are left out, and one line says so.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BENCH = `${ROOT}bench/`;
const EXE = process.platform === 'win32' ? '.exe' : '';
/** The crates with programs of their own: `<crate>-bench` in the folder of that name. */
const CRATES = ['ipmb', 'iceoryx2'];
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
  for (const crate of CRATES) if (root === ROOT && !isFreshCrate(crate)) buildCrate(crate, say);
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

/** @param {string} crate @returns {string} the path of its program */
export function crateProgram(crate) {
  return `${BENCH}${crate}/target/release/${crate}-bench${EXE}`;
}

/** @param {string} crate @returns {string | undefined} why it cannot be measured here */
export function crateMissing(crate) {
  return existsSync(crateProgram(crate))
    ? undefined
    : `${crate} is not built (no cargo, or its registry is out of reach)`;
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

function buildCrate(crate, say) {
  const options = { cwd: `${BENCH}${crate}`, encoding: 'utf8', timeout: COMPILE_TIMEOUT };
  if (spawnSync('cargo', ['--version']).status !== 0)
    return say(`${crate} is left out: no cargo here`);
  say(`building the ${crate} program (once)`);
  for (const online of ['--offline', '--locked']) {
    const { status } = spawnSync(
      'cargo',
      ['build', '--release', '--quiet', '--jobs', '2', online],
      options,
    );
    if (status === 0) return;
  }
  say(`${crate} is left out: cargo cannot build it (its registry is out of reach?)`);
}

function isFresh(name, root) {
  const bench = benchOf(root);
  const headers = readdirSync(`${bench}native`).map((file) => `${bench}native/${file}`);
  const sources = PROGRAMS[name].sources.map((source) => `${bench}${source}`);
  return isNewer(programPath(name, root), [...sources, ...headers]);
}

function isFreshCrate(crate) {
  const folder = `${BENCH}${crate}`;
  const files = readdirSync(`${folder}/src`).map((file) => `${folder}/src/${file}`);
  // All have the ramp of ipmb.
  const shared = `${BENCH}ipmb/src/clock.rs`;
  return isNewer(crateProgram(crate), [...files, shared, `${folder}/Cargo.toml`]);
}

function isNewer(result, sources) {
  if (!existsSync(result)) return false;
  const built = statSync(result).mtimeMs;
  return sources.every((source) => statSync(source).mtimeMs < built);
}
