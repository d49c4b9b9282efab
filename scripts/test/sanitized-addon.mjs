// Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer, and runs the test suite
// with it: `node scripts/test/sanitized-addon.mjs [--brief] [arguments of ava]`. Objects are kept
// in build/sanitized/. Every process of the suite that ends on its own is checked for leaks. Node
// deliberately leaks much at its end: only the addon's allocations count.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { addressSanitizer, checked } from '../lib/compiler-flags.mjs';
import { tellLeftOut, withoutTests } from '../lib/left-out.mjs';
import {
  compileObjects,
  exitCodeOf,
  nodeApiFlags,
  platformFolders,
} from '../lib/native-objects.mjs';
import { listNativeSources, root, run } from '../lib/project.mjs';

const compiler = process.env.CXX ?? 'g++';
const folder = join(root, 'build', 'sanitized', 'address');
const compile = (folders, more = []) =>
  compileObjects({
    compiler,
    flags: [...checked, ...addressSanitizer, ...more],
    sources: listNativeSources(folders),
    folder,
  });
const objects = [
  ...(await compile(['native/base', 'native/core', ...platformFolders])),
  ...(await compile(['native/node'], nodeApiFlags())),
];
// Where the package looks for the addon in a folder that BUSBAR_PREBUILD names.
const addon = join(folder, 'build', 'Release', 'busbar.node');
mkdirSync(dirname(addon), { recursive: true });
run(compiler, [...addressSanitizer, '-shared', '-o', addon, ...objects, '-pthread']);

// The sanitizer's library has to be the first of the process.
const runtime = execFileSync(compiler, ['-print-file-name=libasan.so'], {
  encoding: 'utf8',
}).trim();
// The C library is not the addon: `test:sanitized` checks it, and Python uses it. `npm test` runs
// the examples; one of them checks the length of its own pauses. Interfaces, their documents, the
// journal, databases, handlers, wires, bridges, OpenTelemetry and the command line are TypeScript
// alone. No compiler and no browser can be started with the sanitizer's library, and Python's leaks
// are its own.
const all = [
  'test-build/**/*.test.js',
  '!test-build/examples.test.js',
  '!test-build/c-api.test.js',
  '!test-build/python*.test.js',
  '!test-build/layers/{command,documents,handlers,interface,journal,opentelemetry,wire}/**',
  '!test-build/layers/{mqtt,nats,sql}/**',
  '!test-build/layers/conformance/*wire.test.js',
  '!test-build/layers/conformance/cpp*.test.js',
  '!test-build/layers/rpc/{c,cpp*}.test.js',
  '!test-build/heating-example.test.js',
  '!test-build/unit/journal-*.test.js',
  // Counts mappings, of which the sanitizer makes its own.
  '!test-build/unit/rpc-leaks.test.js',
  // The same tests again, with another event loop: run it by hand, it takes minutes.
  '!test-build/foreign-loop.test.js',
];
// These spend most of their time starting and killing processes, in which they do what the other
// tests do.
const slow = [
  ...['chaos', 'failover', 'join-places', 'layers/rpc/chaos', 'leaks', 'liveness'],
  'region-deaths',
].map((name) => `!test-build/${name}.test.js`);
const notRun = {
  'after a burst both sides give back what it took': 'the sanitizer keeps freed memory for a while',
};
const args = process.argv.slice(2);
const brief = args.includes('--brief');
const named = args.filter((argument) => argument !== '--brief');
const chosen = named.length > 0 ? named : [...all, ...(brief ? slow : [])];
// Writable by all, since processes of the suite that become other users also write there.
const reports = mkdtempSync(join(tmpdir(), 'busbar-sanitized-'));
chmodSync(reports, 0o1777);
const status = await exitCodeOf(
  join(root, 'node_modules', '.bin', 'ava'),
  ['--timeout=300s', '--concurrency=2', ...chosen, ...withoutTests(notRun)],
  {
    env: {
      ...process.env,
      LD_PRELOAD: runtime,
      BUSBAR_PREBUILD: folder,
      // The reports are filtered below, so leaks alone must not change a process's exit code.
      // Symbol names of Node's functions, which every process reports, would take a quarter of the
      // time.
      ASAN_OPTIONS: `detect_leaks=1:symbolize=0:exitcode=0:abort_on_error=1:malloc_context_size=16:log_path=${join(reports, 'process')}`,
      UBSAN_OPTIONS: 'print_stacktrace=1',
      // Reading thread-local storage, the check itself sometimes crashes when threads come and go,
      // and changes the process's exit status. The addon keeps nothing there.
      LSAN_OPTIONS: 'use_tls=0:print_suppressions=0',
    },
  },
);

/** Node, and the system's loader of libraries, as they appear in a stack. */
const notOurs = [`${process.execPath}+`, '/ld-linux'];

/**
 * Whether the addon allocated the leaked memory: it comes before Node, and before the loader, on
 * the stack. A module that is no longer loaded is the addon, too. Compiled JavaScript belongs to no
 * module either, but never allocates by itself.
 */
function isOurs(leak) {
  const isOthers = (line) => notOurs.some((each) => line.includes(each));
  const first = leak
    .split('\n')
    .find((line) => /\snative\/|busbar\.node|<unknown module>/u.test(line) || isOthers(line));
  return first !== undefined && !isOthers(first);
}

/**
 * The parts of a report that are about the addon; a report of anything except leaks is one part.
 */
function findings(report) {
  if (!report.includes('ERROR: LeakSanitizer')) return [report];
  const leaks = report.split(/\n\n+/u).filter((part) => /^(?:Direct|Indirect) leak/u.test(part));
  return leaks.filter(isOurs);
}

const texts = readdirSync(reports).map((file) => readFileSync(join(reports, file), 'utf8'));
rmSync(reports, { recursive: true });
const found = texts.flatMap(findings);
for (const finding of found) console.error(`${finding}\n`);
if (found.length > 0)
  console.error(`addr2line -Cfpe ${addon} <address> names a place in the addon`);
console.log(`${texts.length} processes reported, ${found.length} findings of the addon`);
tellLeftOut('under AddressSanitizer', notRun);
// Node's own leaks are always reported: without any report, the check did not run.
if (texts.length === 0) console.error('the check of leaks did not run');
process.exitCode = status !== 0 || found.length > 0 || texts.length === 0 ? 1 : 0;
