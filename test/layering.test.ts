// Reads every import and include of the project and fails on one that runs against the layers; then
// applies the rules to a tree with one mistake at a time, to check that they find each.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readSources, type SourceFile } from './layering/files.js';
import { judge, maxLines } from './layering/rules.js';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

test('every import and include of this project runs along the layers', (t) => {
  const manifest: Manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const files = readSources(root);
  t.true(files.some(({ path }) => path === 'src/index.ts'));
  t.true(files.some(({ path }) => path.startsWith('native/core/ring/')));
  t.deepEqual(judge(files, Object.keys(manifest.dependencies)), []);
});

const file = (path: string, ...lines: string[]): SourceFile => ({ path, text: lines.join('\n') });

const dependencies = ['msgpackr'];

/** A small tree with every layer and nothing wrong. */
const orderly: readonly SourceFile[] = [
  file('src/index.ts', "export { join } from './endpoint/join.js';"),
  file(
    'src/endpoint/join.ts',
    "import { addon } from '../native/addon.js';",
    "import '../errors.js';",
  ),
  file('src/errors.ts', "import { inspect } from 'node:util';"),
  file('src/selector/parse.ts', "import { BusError } from '../errors.js';"),
  file('src/memory/region.ts', "import { addon } from '../native/addon.js';"),
  file('src/native/addon.ts', 'createRequire(file)(file);'),
  file('src/codec/pack.ts', "import { pack } from 'msgpackr';", "// import '../index.js'"),
  file(
    'native/core/ring/ring.cc',
    '#include <atomic>',
    '#include "core/ring/ring.h"',
    '#include "platform/doorbell.h"',
    'namespace {',
    'struct Ring final {};',
    '}  // namespace',
  ),
  file('native/core/ring/cache.h', '#if defined(__x86_64__)', '#endif'),
  file('native/platform/doorbell.h', '#include <span>', '#include "base/status.h"'),
  file(
    'native/linux/eventfd_wake.cc',
    '#include <sys/eventfd.h>',
    '#include "platform/doorbell.h"',
  ),
  file(
    'native/node/addon.cc',
    '#include <napi.h>',
    '#include <uv.h>',
    '#include "core/ring/ring.h"',
  ),
  file('native/ffi/ffi.cc', '#include "core/ring/ring.h"', '#include "ffi/include/busbar.h"'),
  file('test/send.test.ts', "import { join } from 'busbar';", "import test from 'ava';"),
  file('test/unit/parse.test.ts', "import { parse } from '../../dist/selector/parse.js';"),
  file(
    'test/native/ring/ring_test.cc',
    '#include "support/check.h"',
    '#include "core/ring/ring.h"',
  ),
  file('bench/run.mjs', "import { join } from 'busbar';", "import './harness/launch.mjs';"),
  file('src/layers/interface/index.ts', "import type { Region } from '../../index.js';"),
  file('src/layers/interface/yaml.ts', "import { parse } from 'yaml';", "import './index.js';"),
  file(
    'src/layers/rpc/index.ts',
    "import { join } from '../../index.js';",
    "import { t } from '../interface/index.js';",
  ),
  file('src/layers/wire/index.ts', "import { serve } from '../rpc/index.js';"),
  file('src/layers/wire/tags.ts', "import { tag } from '../../base/tag.js';"),
  file('src/base/tag.ts'),
  file('test/layers/rpc/call.test.ts', "import { serve } from 'busbar/rpc';"),
];

/** One mistake each: the file that has it, and what the rules must report. */
const mistakes: readonly (readonly [SourceFile, RegExp])[] = [
  [file('src/selector/a.ts', "import { addon } from '../native/addon.js';"), /neither the addon/],
  [file('src/selector/b.ts', "import type { Region } from '../memory/region.js';"), /nor memory/],
  [file('src/memory/c.ts', "import { parse } from '../selector/parse.js';"), /knows no selector/],
  [file('src/memory/d.ts', "export * from '../endpoint/join.js';"), /no endpoint/],
  [file('src/codec/e.ts', "const { join } = await import('../index.js');"), /src\/index/],
  [file('src/native/f.ts', "import { createRequire } from 'node:module';"), /only .* loads/],
  [file('src/native/g.ts', "createRequire(import.meta.url)('./busbar.node');"), /loads the addon/],
  [file('src/endpoint/h.ts', "import fc from 'fast-check';"), /no runtime dependency/],
  [file('src/endpoint/i.ts', "import '../../test/helpers.js';"), /src imports only src/],
  [file('src/selector/o.ts', "import { t } from '../layers/interface/index.js';"), /no layer/],
  [file('src/layers/rpc/b.ts', "import { join } from '../../join.js';"), /by src\/index.ts/],
  [file('src/layers/rpc/c.ts', "import { t } from '../interface/t.js';"), /by its index.ts/],
  [file('src/layers/wire/d.ts', "import '../gateway/index.js';"), /must not import 'gateway'/],
  [file('src/layers/wire/e.ts', "import '../journal/index.js';"), /must not import 'journal'/],
  [file('src/layers/rpc/f.ts', "import { parse } from 'yaml';"), /no runtime dependency/],
  [file('src/layers/extra/g.ts', "import '../rpc/index.js';"), /has no rule/],
  [file('src/base/h.ts', "import { inspect } from 'node:util';"), /src\/base imports only itself/],
  [file('src/base/i.ts', "import '../errors.js';"), /src\/base imports only itself/],
  [file('test/h.test.ts', "import { serve } from 'busbar/layers/rpc';"), /not the package's entry/],
  [file('test/j.test.ts', "import { join } from '../src/index.js';"), /imports 'busbar'/],
  [
    file('test/k.test.ts', "import { parse } from '../dist/selector/parse.js';"),
    /imports 'busbar'/,
  ],
  [file('test/unit/l.test.ts', "import { parse } from '../../src/selector/parse.js';"), /imports/],
  [file('bench/m.mjs', "import { join } from '../dist/index.js';"), /bench\/ imports 'busbar'/],
  [file('examples/n.mjs', "import { x } from 'busbar/dist/x.js';"), /not the package's entry/],
  [file('native/core/ring/o.cc', '#include <napi.h>'), /core\/ring must not include <napi.h>/],
  [file('native/core/ring/p.cc', '#include <sys/mman.h>'), /core\/ring must not include/],
  [file('native/core/ring/q.cc', '#  include <windows.h>'), /core\/ring must not include/],
  [file('native/core/ring/r.cc', '#include "linux/memfd_memory.h"'), /core\/ring must not include/],
  [file('native/core/ring/s.cc', '#ifdef __linux__', '#endif'), /build file selects/],
  [file('native/core/ring/t.cc', '#if defined(_WIN32) || 0', '#endif'), /build file selects/],
  [file('native/core/ring/u.cc', '#include "ring.h"'), /from native\/ on/],
  [file('native/platform/v.cc', '#include <span>'), /headers only/],
  [file('native/platform/w.h', '#include "core/ring/ring.h"'), /platform must not include/],
  [file('native/base/k.h', '#include "platform/doorbell.h"'), /base must not include/],
  [file('native/base/l.h', '#include "core/ring/ring.h"'), /base must not include/],
  [file('native/core/ring/m.h', '#include "core/link/link.h"'), /ring must not include "core/],
  [file('native/core/selector/n.h', '#include "core/ring/ring.h"'), /selector must not include/],
  [file('native/core/flat.h', '#include <span>'), /has no rule/],
  [file('native/core/parcel/o.h', '#include <span>'), /has no rule/],
  [file('native/linux/x.cc', '#include "core/ring/record.h"'), /never sees a message/],
  [file('native/linux/y.cc', '#include <uv.h>'), /linux must not include <uv.h>/],
  [file('native/linux/z.cc', '#include "windows/section.h"'), /linux must not include/],
  [file('native/node/a.cc', '#include "ffi/ffi.h"'), /node must not include "ffi/],
  [file('native/ffi/b.cc', '#include "node/addon.h"'), /ffi must not include "node/],
  [file('native/ffi/c.cc', '#include <node_api.h>'), /ffi must not include/],
  [file('native/node/d.cc', '#include "ffi/include/busbar.h"'), /belongs to native\/ffi/],
  [file('native/freebsd/e.cc', '#include <span>'), /has no rule/],
  [
    file('native/linux/g.cc', 'auto now = std::chrono::system_clock::now();'),
    /clock that can be set/,
  ],
  [file('src/endpoint/h.ts', 'const now = Date.now();'), /no time of day/],
  [file('test/native/f_test.cc', '#include <napi.h>'), /only native\/node includes/],
  [
    file('native/core/link/twin.cc', 'namespace {', 'struct Ring {};', '}  // namespace'),
    /Ring is a name of native\/core\/ring\/ring.cc/,
  ],
  [file('src/endpoint/long.ts', ...Array<string>(maxLines + 2).fill('')), /451 lines; the limit/],
];

test('the rules accept an orderly tree', (t) => {
  t.deepEqual(judge(orderly, dependencies), []);
});

for (const [wrong, expected] of mistakes) {
  test(`the rules notice ${wrong.path}: ${wrong.text.split('\n')[0]?.trim() || 'its length'}`, (t) => {
    const found = judge([...orderly, wrong], dependencies);
    t.is(found.length, 1, found.join('\n'));
    t.regex(found[0] ?? '', expected);
    t.true(found[0]?.startsWith(wrong.path));
  });
}

test('the rules notice folders that import each other in a circle', (t) => {
  const closing = file('src/codec/back.ts', "import type { Join } from '../endpoint/join.js';");
  const opening = file('src/endpoint/forth.ts', "import { pack } from '../codec/pack.js';");
  t.deepEqual(judge([...orderly, opening], dependencies), []);
  t.deepEqual(judge([...orderly, opening, closing], dependencies), [
    'circle: src/endpoint -> src/codec -> src/endpoint',
  ]);
});

const closed: readonly (readonly [string, SourceFile, SourceFile, string])[] = [
  [
    'files of one folder',
    file('src/selector/print.ts', "import type { Tree } from './tree.js';"),
    file('src/selector/tree.ts', "import { print } from './print.js';"),
    'circle: src/selector/print.ts -> src/selector/tree.ts -> src/selector/print.ts',
  ],
  [
    'headers',
    file('native/core/ring/link.h', '#include "core/ring/queue.h"'),
    file('native/core/ring/queue.h', '#include "core/ring/link.h"'),
    'circle: native/core/ring/link.h -> native/core/ring/queue.h -> native/core/ring/link.h',
  ],
  [
    'files of a test',
    file('test/support/a.ts', "import { b } from './b.js';"),
    file('test/support/b.ts', "import { a } from './a.js';"),
    'circle: test/support/a.ts -> test/support/b.ts -> test/support/a.ts',
  ],
];

for (const [what, one, other, expected] of closed) {
  test(`the rules notice ${what} that import each other in a circle`, (t) => {
    t.deepEqual(judge([...orderly, one, other], dependencies), [expected]);
  });
}
