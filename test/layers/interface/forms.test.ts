// The forms of an interface (value, model, YAML and TypeScript) say the same: each way around is an
// identity, for a thousand generated interfaces.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import {
  canonicalJson,
  defineInterface,
  hashOf,
  type Interface,
  interfaceOf,
  type Json,
  modelOf,
  parseTypeScript,
  parseYaml,
  printTypeScript,
  printYaml,
  t as types,
} from 'busbar/interface';
import fc from 'fast-check';
import ts from 'typescript';
import { interfaceFrom } from './support/interfaces.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Without shrinking, which takes minutes for so many choices; the seed repeats a failure. */
const often = { endOnFailure: true };

test('YAML to value to YAML, and TypeScript to YAML to TypeScript, are identities', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (g) => {
      const given = interfaceFrom(g);
      const model = modelOf(given);
      const yaml = printYaml(given);
      const fromYaml = await parseYaml(yaml);
      if (!isDeepStrictEqual(modelOf(fromYaml), model))
        throw new Error(`read differently: ${yaml}`);
      if (printYaml(fromYaml) !== yaml) throw new Error(`printed differently: ${yaml}`);
      const code = printTypeScript(given);
      const fromCode = parseTypeScript(code);
      if (!isDeepStrictEqual(modelOf(fromCode), model))
        throw new Error(`read differently: ${code}`);
      const again = printTypeScript(await parseYaml(printYaml(fromCode)));
      if (again !== code) throw new Error(`printed differently: ${code}`);
    }),
    { ...often, numRuns: 1000 },
  );
  t.pass();
});

test('generated interfaces have everything that an interface can have', (t) => {
  const seen = new Set<string>();
  const look = (value: Json, path: string): void => {
    if (typeof value === 'string') {
      // Types as texts: their names, and how they are put together.
      for (const word of value.match(/[a-z]\w*(?=[<>?]|$)|[<?]/g) ?? []) seen.add(word);
    } else if (Array.isArray(value)) {
      seen.add(`${path}[]`);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, part] of Object.entries(value)) {
        seen.add(key);
        look(part, key);
      }
    }
  };
  for (const given of fc.sample(fc.gen().map(interfaceFrom), { numRuns: 300, seed: 1 })) {
    look(modelOf(given) as unknown as Json, '');
  }
  for (const part of [
    ...['bool', 'f64', 'f32', 'i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64', 'u53'],
    ...['string', 'bytes', 'time', 'duration', 'object', 'region', 'any', 'schema', 'list', 'map'],
    ...['<', '?', 'struct', 'enum[]', 'optional', 'default', 'doc', 'types', 'methods', 'args'],
    ...['returns', 'stream', 'input', 'errors', 'idempotent', 'properties', 'access', 'signals'],
    // Of a struct that contains itself.
    'self',
  ]) {
    t.true(seen.has(part), part);
  }
});

test('a model that went over a wire is the same interface', (t) => {
  fc.assert(
    fc.property(fc.gen(), (g) => {
      const model = modelOf(interfaceFrom(g));
      t.deepEqual(modelOf(interfaceOf(JSON.parse(JSON.stringify(model)))), model);
    }),
    { ...often, numRuns: 300 },
  );
});

test('generated TypeScript compiles, is formatted, and makes the same values', async (t) => {
  const folder = join(root, 'test-build', 'generated');
  mkdirSync(folder, { recursive: true });
  const made = fc
    .sample(fc.gen().map(interfaceFrom), { numRuns: 80, seed: 7 })
    // How wide other characters are differs between formatters.
    .filter((given) => /^[\n -~]*$/.test(printTypeScript(given)));
  const files = made.map((given, index) => {
    const file = join(folder, `interface-${index}.ts`);
    writeFileSync(file, printTypeScript(given));
    return file;
  });
  const program = ts.createProgram(files, {
    strict: true,
    exactOptionalPropertyTypes: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    skipLibCheck: true,
  });
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
  t.deepEqual(problems, []);
  t.true(made.length > 20);
  program.emit();
  for (const [index, given] of made.entries()) {
    const module = (await import(join(folder, `interface-${index}.js`))) as {
      readonly [name: string]: Interface;
    };
    // Comments are lost when the file runs; all else is there.
    t.is(hashOf(module.MadeUp as Interface), hashOf(given));
  }
  // Throws if a file would be changed.
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules/@biomejs/biome/bin/biome'),
      'format',
      '--vcs-enabled=false',
      ...files,
    ],
    { cwd: root, encoding: 'utf8', stdio: 'pipe' },
  );
});

test('the hash is that of the canonical model without documentation', (t) => {
  const make = (doc: string) =>
    defineInterface('com.example.a', '1.0', {
      doc,
      methods: { b: { args: { doc: types.u8.doc(doc), a: types.f64 }, doc } },
    });
  const text =
    '{"interface":"com.example.a","methods":{"b":{"args":{"a":"f64","doc":"u8"}}},"version":"1.0"}';
  t.is(hashOf(make('x')), createHash('sha256').update(text).digest('hex'));
  t.is(hashOf(make('y')), hashOf(make('x')));
  t.is(
    canonicalJson({ b: [1, { d: null, c: 'x' }], a: true }),
    '{"a":true,"b":[1,{"c":"x","d":null}]}',
  );
});

test('the hash of a long model is that of the standard', (t) => {
  for (const size of [0, 1, 6, 7, 8, 60, 500]) {
    const doc = types.json({ text: 'ä'.repeat(size) });
    const given = defineInterface('com.example.a', '1.0', { signals: { b: { doc } } });
    const text = canonicalJson(modelOf(given));
    t.is(hashOf(given), createHash('sha256').update(text).digest('hex'));
  }
});
