// native/CMakeLists.txt builds the C library without Node, so it repeats the compiler's flags. They
// must be those that all other builds take from scripts/lib/compiler-flags.mjs.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';

type Lists =
  | 'language'
  | 'gccX64'
  | 'warnings'
  | 'visibility'
  | 'libraryDefinitions'
  | 'windowsDefinitions';

const root = new URL('../', import.meta.url);
const flags = (await import(new URL('scripts/lib/compiler-flags.mjs', root).href)) as {
  readonly [name in Lists]: readonly string[];
} & { readonly standard: string };
const cmake = readFileSync(fileURLToPath(new URL('native/CMakeLists.txt', root)), 'utf8');

/** The words that `pattern` captures in the build file. */
const words = (pattern: RegExp) => (pattern.exec(cmake)?.[1] ?? '').split(/\s+/);

test('CMake compiles the same language with the same warnings', (t) => {
  const [standard, ...language] = flags.language;
  t.is(standard, `-std=${flags.standard}`);
  t.deepEqual(words(/CXX_STANDARD (\d+)/), [flags.standard.slice('c++'.length)]);
  t.regex(cmake, /CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF/);
  const options = words(/target_compile_options\(busbar PRIVATE ([^)]+)\)/);
  t.deepEqual(options, [...flags.warnings, ...language]);
});

test('CMake gives gcc on x86-64 the same options', (t) => {
  const options = words(
    /STREQUAL "GNU"[^)]*\)\s+target_compile_options\(busbar PRIVATE\s+([^)]+)\)/,
  );
  t.deepEqual(options, flags.gccX64);
});

test('CMake hides what is not exported', (t) => {
  const properties = words(/((?:CXX_VISIBILITY_PRESET|VISIBILITY_INLINES_HIDDEN)[^\n]*)\n/);
  t.deepEqual(properties.slice(0, 4), [
    'CXX_VISIBILITY_PRESET',
    'hidden',
    'VISIBILITY_INLINES_HIDDEN',
    'ON',
  ]);
  t.deepEqual(flags.visibility, ['-fvisibility=hidden', '-fvisibility-inlines-hidden']);
});

test('CMake defines the same names', (t) => {
  const [library, windows] = [
    ...cmake.matchAll(/target_compile_definitions\(busbar PRIVATE ([^)]+)\)/g),
  ].map(([, names = '']) => names.split(/\s+/));
  t.deepEqual(library, flags.libraryDefinitions);
  t.deepEqual(windows, flags.windowsDefinitions);
});
