// The conformance list over wires, with servers in C++ (test/c/conformance_server.cpp).
import { spawn } from 'node:child_process';
import test from 'ava';
import { cppBuilds, cppProgram } from '../../support/cpp-builds.js';
import { behaviours } from './behaviours/index.js';
import { onWire } from './wire-place.js';

for (const compiler of cppBuilds) {
  const program = cppProgram(compiler, 'conformance_server.cpp');
  const launch = (start: string, hasPipes: boolean) => {
    const pipe = hasPipes ? 'pipe' : 'ignore';
    return spawn(program, [start], {
      stdio: ['pipe', 'pipe', 'inherit', pipe, pipe],
      env: hasPipes ? { ...process.env, BUSBAR_WIRE_FDS: '3,4' } : process.env,
    });
  };
  for (const wire of ['unix', 'tcp', 'stdio'] as const) {
    for (const { id, title, only = 'port', run } of behaviours) {
      if (only !== 'port') continue;
      test.serial(`${id}: ${title} (${compiler}, ${wire})`, (t) =>
        run(onWire(t, wire, { token: 'swordfish' }, undefined, launch)),
      );
    }
  }
}
