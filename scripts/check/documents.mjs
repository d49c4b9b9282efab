// Checks what is made of interfaces: @asyncapi/parser, which is installed into an empty project,
// accepts the AsyncAPI documents of generated interfaces; and code and documents of an interface of
// 500 members are written within a second of processor time, with the start of the program. Needs
// `npm run compile` and `node scripts/build/ts.mjs test`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { asyncApiOf } from 'busbar/documents';
import fc from 'fast-check';
import { root, run } from '../lib/project.mjs';

const parser = '@asyncapi/parser@3.6.3';
/** Interfaces that the parser reads: it takes seconds for each. */
const samples = 12;

const built = (path) => pathToFileURL(join(root, 'test-build', 'layers', path)).href;
const { interfaceFrom } = await import(built('interface/support/interfaces.js'));
const { thermostat } = await import(built('documents/support/thermostat.js'));

const project = mkdtempSync(join(tmpdir(), 'busbar-documents-'));

function parseDocuments() {
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  run(
    process.execPath,
    [process.env.npm_execpath, 'install', '--silent', '--ignore-scripts', '--no-audit', parser],
    { cwd: project },
  );
  const generated = fc.sample(fc.gen().map(interfaceFrom), { numRuns: samples, seed: 3 });
  const documents = [thermostat, ...generated].map((each) => asyncApiOf(each));
  writeFileSync(join(project, 'documents.json'), JSON.stringify(documents));
  writeFileSync(
    join(project, 'parse.js'),
    `import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
const parser = new Parser();
for (const given of JSON.parse(readFileSync('documents.json', 'utf8'))) {
  const { document, diagnostics } = await parser.parse(JSON.stringify(given));
  // 0 is an error, 1 a warning.
  const found = diagnostics.filter(({ severity }) => severity < 2);
  if (document === undefined || found.length > 0) {
    console.error(JSON.stringify(found, null, 2), JSON.stringify(given));
    process.exit(1);
  }
  const operations = document.operations().all();
  if (operations.length !== Object.keys(given.operations).length) throw new Error('operations');
}
`,
  );
  run(process.execPath, ['parse.js'], { cwd: project });
  console.log(`${parser} accepts ${documents.length} documents`);
}

/** An interface of 500 members, as a file. */
function largeInterface() {
  const times = (count, write) => Array.from({ length: count }, (_, index) => write(index));
  return [
    "interface: com.example.large\nversion: '1.0'",
    'types:\n  Sample: { struct: { at: time, celsius: f64 } }',
    'methods:',
    ...times(
      400,
      (n) => `  method${n}:
    doc: Does number ${n}.
    args: { a: f64, b: list<Sample>, c: { type: string, default: x } }
    returns: { d: map<u8>, e: Sample? }
    errors: { Failed${n}: { why: string } }`,
    ),
    'properties:',
    ...times(50, (n) => `  property${n}: { type: Sample, access: read-write }`),
    'signals:',
    ...times(50, (n) => `  signal${n}: { a: u32, b: bytes }`),
    '',
  ].join('\n');
}

/** Prints the processor time of a program at its end, also when others use the processors. */
const spent = `data:text/javascript,import{writeSync}from'node:fs';process.on('exit',()=>{const{user,system}=process.cpuUsage();writeSync(2,'spent '+(user+system)/1e6)})`;

function spendSeconds() {
  const file = join(project, 'large.busbar.yaml');
  writeFileSync(file, largeInterface());
  const program = join(root, 'dist', 'layers', 'command', 'main.js');
  const slow = [];
  for (const [command, form] of [
    ...[
      ['generate', '--ts'],
      ['generate', '--python'],
    ],
    ...['--yaml', '--markdown', '--html', '--asyncapi'].map((each) => ['describe', each]),
  ]) {
    const args = ['--import', spent, program, command, file, form];
    const options = { encoding: 'utf8', maxBuffer: 2 ** 26 };
    const seconds = Math.min(
      ...[1, 2, 3].map(() => {
        const { status, stderr } = spawnSync(process.execPath, args, options);
        const time = /^spent ([\d.]+)$/m.exec(stderr)?.[1];
        if (status !== 0 || time === undefined) throw new Error(stderr);
        return Number(time);
      }),
    );
    console.log(`${command} ${form} of 500 members: ${seconds.toFixed(2)} s of processor time`);
    if (seconds >= 1) slow.push(form);
  }
  if (slow.length > 0) throw new Error(`slower than a second: ${slow.join(', ')}`);
}

try {
  parseDocuments();
  spendSeconds();
} finally {
  rmSync(project, { recursive: true, force: true });
}
