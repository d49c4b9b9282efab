// The conformance list over a bus, with servers in C++ (test/c/conformance_server.cpp).
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { type Interface, modelOf, parseYaml } from 'busbar/interface';
import { cppBuilds, cppProgram } from '../../support/cpp-builds.js';
import { behaviours } from './behaviours/index.js';
import { Backend, Conformance } from './interface.js';
import { onBus } from './place.js';

const pathOf = (relative: string) =>
  fileURLToPath(new URL(`../../../${relative}`, import.meta.url));

test('the files that the programs are generated from are those of the interfaces', async (t) => {
  const isModelOf = async (name: string, given: Interface) => {
    const file = `test/layers/conformance/${name}.busbar.yaml`;
    const found = await parseYaml(readFileSync(pathOf(file), 'utf8'), { file });
    t.deepEqual(modelOf(found), modelOf(given));
  };
  await isModelOf('conformance', Conformance);
  await isModelOf('backend', Backend);
});

test('every compiler that CI has was used', (t) => {
  t.true(process.platform !== 'linux' || cppBuilds.length > 0);
});

for (const compiler of cppBuilds) {
  const program = cppProgram(compiler, 'conformance_server.cpp');
  const launch = (start: string) => spawn(program, [start], { stdio: ['pipe', 'pipe', 'inherit'] });
  for (const { id, title, only = 'bus', run } of behaviours) {
    if (only !== 'bus') continue;
    test.serial(`${id}: ${title} (${compiler})`, (t) => run(onBus(t, launch)));
  }
}
