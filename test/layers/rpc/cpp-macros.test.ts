// The headers of C++, generated ones included, after a header that defines ordinary words as macros,
// as windows.h does and sys/sysmacros.h.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { defineInterface, printCpp, t as types } from 'busbar/interface';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const windows = 'x86_64-w64-mingw32-g++-posix';
const has = (program: string) => spawnSync(program, ['--version']).status === 0;

/** Macros that stand for something else wherever their name occurs. */
const words = [
  ...['interface', 'small', 'hyper', 'near', 'far', 'pascal', 'cdecl', 'environ', 'rad1', 'grp12'],
  ...['IN', 'OUT', 'OPTIONAL', 'CONST', 'VOID', 'TRUE', 'FALSE', 'ERROR', 'DELETE', 'IGNORE'],
  ...['STRICT', 'INFINITE', 'PURE', 'FAR', 'NEAR', 'OPAQUE', 'RELATIVE', 'OVERFLOW'],
];
/** Macros that take arguments; C++ for Windows lacks min and max with some compilers only. */
const calls = ['min', 'max', 'major', 'minor', 'makedev', 'Yield', 'GetCurrentTime'];

/** What a file needs is included first: the macros are for our headers, not for the library's. */
function macros() {
  const folder = join(root, 'native/ffi/include');
  const headers = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.h(?:pp)?$/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .flatMap((text) => text.match(/^#include <.*>$/gm) ?? []);
  return [
    ...new Set(headers),
    ...words.map((word) => `#undef ${word}\n#define ${word} +`),
    ...calls.map((word) => `#undef ${word}\n#define ${word}(a, b) +`),
  ];
}

/** An interface in which members, fields, types and values have these names. */
function interfaceOf(names: readonly string[]) {
  const of = <T>(value: (name: string) => T) =>
    Object.fromEntries(names.map((name) => [name, value(name)]));
  return defineInterface('com.example.interface', '1.0', {
    methods: {
      ...of((name) => ({ args: { [name]: types.bool } })),
      ask: {
        args: of(() => types.optional(types.list(types.u8))),
        returns: types.enum([...names, 'other']),
        errors: { BadQuestion: of(() => types.string) },
      },
    },
  });
}

/** Compiles a program that begins with these lines and then includes every header. */
function compile(t: ExecutionContext, compiler: string, lines: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-macros-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'generated.hpp'), printCpp(interfaceOf(words)));
  writeFileSync(
    join(folder, 'main.cpp'),
    [...lines, ...['busbar_rpc.hpp', 'generated.hpp'].map((name) => `#include "${name}"\n`)].join(
      '\n',
    ),
  );
  return spawnSync(
    compiler,
    ['-std=c++17', '-fsyntax-only', `-I${root}native/ffi/include`, join(folder, 'main.cpp')],
    { encoding: 'utf8' },
  );
}

(has('g++') ? test : test.skip)('no macro of another header stands for a name', (t) => {
  const { stderr, status } = compile(t, 'g++', macros());
  t.is(stderr.slice(0, 2000), '');
  t.is(status, 0);
});

(has(windows) ? test : test.skip)('nor one of windows.h', (t) => {
  const lines = ['#include <winsock2.h>', '#include <windows.h>'];
  const { stderr, status } = compile(t, windows, lines);
  t.is(stderr.slice(0, 2000), '');
  t.is(status, 0);
});

/** Functions that have a second name. */
const functions = [
  ...['finitef', 'isascii', 'iscsym', 'iscsymf', 'isnanf', 'lstrcat', 'lstrcmp', 'lstrcmpi'],
  ...['lstrcpy', 'lstrcpyn', 'lstrlen', 'strcasecmp', 'strncasecmp', 'toascii', 'wcswcs'],
  ...['wsprintf', 'wvsprintf'],
];

(has(windows) ? test : test.skip)('every short name of windows.h is avoided', (t) => {
  const { stdout } = spawnSync(windows, ['-std=c++17', '-dM', '-E', '-x', 'c++', '-'], {
    input: '#include <winsock2.h>\n#include <windows.h>\n',
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  const found = [...stdout.matchAll(/^#define ([a-z][a-z\d]*) /gm)].map(([, name = '']) => name);
  t.true(found.includes('interface'));
  const code = printCpp(interfaceOf(found));
  const kept = found.filter((name) => code.includes(`bool ${name} =`));
  t.deepEqual(kept.sort(), functions);
});
