// Interfaces as headers of C++: the same bytes in two runs, unchanged by the formatter, clean for a
// strict compiler, and not much longer than their YAML.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import {
  defineInterface,
  type Interface,
  modelOf,
  parseYaml,
  printCpp,
  t as types,
} from 'busbar/interface';
import fc from 'fast-check';
import { interfaceFrom } from './support/interfaces.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const has = (program: string) => spawnSync(program, ['--version']).status === 0;

/** Headers of 40 interfaces with everything that one can have, in a folder. */
function folderOf(t: ExecutionContext, interfaces: readonly Interface[]) {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-cpp-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const files = interfaces.map((given, at) => {
    const file = join(folder, `i${at}.hpp`);
    writeFileSync(file, printCpp(given));
    return file;
  });
  return { folder, files };
}

const samples = () => fc.sample(fc.gen().map(interfaceFrom), { numRuns: 40, seed: 7 });

test('two runs write the same bytes', (t) => {
  const [first, second] = [samples(), samples()];
  t.deepEqual(first.map(printCpp), second.map(printCpp));
});

(has('clang-format-14') ? test : test.skip)('the formatter changes nothing', (t) => {
  const { files } = folderOf(t, samples());
  const style = `-style=file:${root}.clang-format`;
  const { stderr, status } = spawnSync('clang-format-14', [
    '--dry-run',
    '-Werror',
    style,
    ...files,
  ]);
  t.is(String(stderr), '');
  t.is(status, 0);
});

(has('g++') ? test : test.skip)('a strict compiler has nothing to say', (t) => {
  const { folder, files } = folderOf(t, samples().slice(0, 12));
  const main = join(folder, 'main.cpp');
  // In namespaces of their own, since some have the same name.
  const includes = files.map(
    (file, at) => `namespace n${at} {\n#undef ONCE\n#include "${file.slice(folder.length + 1)}"\n}`,
  );
  writeFileSync(main, `#include <busbar_rpc.hpp>\n${includes.join('\n')}\n`);
  const { stderr } = spawnSync('g++', [
    ...['-std=c++17', '-fsyntax-only', '-pedantic', '-Wall', '-Wextra', '-Wconversion', '-Werror'],
    ...[`-I${root}native/ffi/include`, main],
  ]);
  t.is(String(stderr), '');
});

test('names of the language get another one, and keep theirs on the wire', (t) => {
  const code = printCpp(
    defineInterface('com.example.double', '2.1', {
      methods: {
        delete: { args: { int: types.u8, fields: types.bool, setURLPath: types.string } },
        Delete: { returns: types.bool },
      },
    }),
  );
  t.regex(code, /^namespace double_ \{$/m);
  t.true(code.includes('std::uint8_t int_ = 0;'));
  t.true(code.includes('bool fields_ = false;'));
  t.true(code.includes('"setURLPath", &Delete::set_url_path'));
  t.regex(code, /rpc::Method<Delete, rpc::Nothing> delete_\{this, "delete"\};/);
  t.regex(code, /rpc::Method<rpc::Nothing, bool> delete2\{this, "Delete"\};/);
  t.true(code.includes('Server("com.example.double", 2, kModel)'));
});

test('a header has the model of its interface, which any compiler reads', (t) => {
  const texts = ['ends so)json', 'a "quote" and a \\', 'Grüße, 世界 🌍', 'two\nlines'];
  const odd = defineInterface('com.example.odd', '1.3', {
    doc: texts.join(' '),
    methods: Object.fromEntries(
      Array.from({ length: 400 }, (_, at) => [
        `method${at}`,
        { doc: texts[at % 4] ?? '', args: { n: types.u32 } },
      ]),
    ),
  });
  for (const given of [odd, ...samples()]) {
    const code = printCpp(given);
    const literals = [...code.matchAll(/R"json\(([\s\S]*?)\)json"/g)].map(([, text = '']) => text);
    t.deepEqual(JSON.parse(literals.join('')), JSON.parse(JSON.stringify(modelOf(given))));
    for (const literal of literals) t.regex(literal, /^[\n -~]{1,16000}$/);
  }
});

test('a header has at most four lines for each line of YAML', async (t) => {
  const yaml = readFileSync(`${root}examples/cpp/thermostat.busbar.yaml`, 'utf8');
  const lines = printCpp(await parseYaml(yaml)).split('\n').length;
  t.true(lines <= 4 * yaml.split('\n').length, `${lines}`);
});
