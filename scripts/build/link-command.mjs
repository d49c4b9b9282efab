// Links the modules of the program `busbar` into two files in dist/layers/command: program.cjs has
// what every command needs, program-rest.cjs all others. Node takes a third of a millisecond to load
// one ES module, and a command would load some 250. Each module stays a function of its own, which
// runs when another one asks for it first. Node's modules and packages are loaded as they are.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { Script } from 'node:vm';
import ts from 'typescript';
import { root } from '../lib/project.mjs';

const dist = join(root, 'dist');
const folder = 'layers/command';
/** What main.js takes from the program. */
const entries = ['run.js', 'process-output.js'].map((name) => `${folder}/${name}`);

const options = {
  module: ts.ModuleKind.CommonJS,
  target: ts.ScriptTarget.ES2023,
  esModuleInterop: true,
  removeComments: true,
};

// `import.meta` is a parameter of each module.
const renameMeta = (context) => (file) => {
  const visit = (node) =>
    ts.isMetaProperty(node)
      ? context.factory.createIdentifier('importMeta')
      : ts.visitEachChild(node, visit, context);
  return ts.visitNode(file, visit);
};

/** The modules that `name` imports: at once, and when a function asks for them. */
function importsOf(name, source) {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.ES2023);
  const [first, later] = [[], []];
  const add = (list, specifier) => {
    if (specifier?.text.startsWith('.')) list.push(posix.join(dirname(name), specifier.text));
  };
  for (const { moduleSpecifier } of file.statements) add(first, moduleSpecifier);
  const visit = (node) => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(later, node.arguments[0]);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { first, later };
}

/** The code of all modules that these need, by their names; `also` says whether later as well. */
function modulesOf(names, also) {
  const modules = new Map();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (modules.has(name)) continue;
    const source = readFileSync(join(dist, name), 'utf8');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: options,
      transformers: { before: [renameMeta] },
    });
    modules.set(name, outputText);
    const { first, later } = importsOf(name, source);
    waiting.push(...first, ...(also ? later : []));
  }
  return modules;
}

function tableOf(modules) {
  const rows = [...modules].map(
    ([name, code]) => `${JSON.stringify(name)}(exports, require, importMeta) {\n${code}}`,
  );
  return `{\n${rows.join(',\n')}\n}`;
}

function write(name, text) {
  // An await outside of functions, for example, has no place in a function.
  new Script(text, { filename: name });
  writeFileSync(join(dist, folder, name), text);
}

const start = modulesOf(entries, false);
const rest = new Map([...modulesOf(entries, true)].filter(([name]) => !start.has(name)));
const up = relative(join(dist, folder), dist);

write('program-rest.cjs', `'use strict';\nmodule.exports = ${tableOf(rest)};\n`);
write(
  'program.cjs',
  `'use strict';
const { posix, join } = require('node:path');
const { pathToFileURL } = require('node:url');
const start = ${tableOf(start)};
const loaded = new Map();
function load(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const table = Object.hasOwn(start, name) ? start : require('./program-rest.cjs');
  const exports = {};
  loaded.set(name, exports);
  const url = pathToFileURL(join(__dirname, ${JSON.stringify(up)}, name)).href;
  const within = posix.dirname(name);
  const requireFrom = (other) =>
    other.startsWith('.') ? load(posix.join(within, other)) : require(other);
  table[name](exports, requireFrom, { url });
  return exports;
}
module.exports = { ${entries.map((name) => `...load(${JSON.stringify(name)})`).join(', ')} };
`,
);
