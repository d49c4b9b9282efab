// Calls from Python beside calls from Node, to the same server in Node, in one run:
// node scripts/bench/python-calls.mjs [calls] [rounds]. Needs what `npm run check:python` has set up.
import { execFile, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { defineInterface, t } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';

const root = fileURLToPath(new URL('../..', import.meta.url));
const own = fileURLToPath(import.meta.url);
const underWay = 64;
const Adder = defineInterface('com.example.adder', '1.0', {
  methods: { add: { args: { a: t.f64, b: t.f64 }, returns: t.f64 } },
});

async function serveAdder(bus) {
  await serve(bus, Adder, { add: ({ a, b }) => a + b });
  process.send('ready');
}

async function callFromNode(bus, calls) {
  const adder = await connect(bus, Adder);
  const call = async (count) => {
    for (let n = 0; n < count; n++) await adder.add({ a: 1, b: 2 });
  };
  await call(calls / 10);
  const began = performance.now();
  await call(calls);
  const single = ((performance.now() - began) / calls) * 1000;
  const each = Math.floor(calls / underWay);
  const many = performance.now();
  await Promise.all(Array.from({ length: underWay }, () => call(each)));
  console.log(single, (each * underWay * 1000) / (performance.now() - many));
  await adder.close();
}

const run = promisify(execFile);
const figures = ({ stdout }) => stdout.trim().split(' ').map(Number);
const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Rounds of both, in turn, so that both meet the same machine. */
async function compare(calls, rounds) {
  const bus = `bench-python-${process.pid}`;
  const server = fork(own, ['serve', bus]);
  await new Promise((resolve) => {
    server.once('message', resolve);
  });
  const env = {
    ...process.env,
    PYTHONPATH: `${root}python/src`,
    BUSBAR_LIBRARY: `${root}build/Release/ffi/libbusbar.so`,
  };
  const python = `${root}build/python/bin/python`;
  const found = { node: [], python: [] };
  for (let round = 0; round < rounds; round++) {
    found.node.push(figures(await run(process.execPath, [own, 'call', bus, String(calls)])));
    const program = [`${root}scripts/bench/python_calls.py`, bus, String(calls)];
    found.python.push(figures(await run(python, program, { env })));
  }
  server.kill();
  const single = (all) => middle(all.map(([time]) => time));
  const rate = (all) => middle(all.map(([, each]) => each));
  const time = { node: single(found.node), python: single(found.python) };
  const each = { node: rate(found.node), python: rate(found.python) };
  const figure = (value) => value.toFixed(1).padStart(10);
  console.log('                   Node     Python');
  console.log(
    `one at a time ${figure(time.node)} ${figure(time.python)} us a call; Python takes ${(time.python / time.node).toFixed(1)} times as long`,
  );
  console.log(
    `${underWay} under way  ${figure(each.node)} ${figure(each.python)} calls/s; Node makes ${(each.node / each.python).toFixed(1)} times as many`,
  );
}

const [, , role = '', bus = '', calls = ''] = process.argv;
if (role === 'serve') await serveAdder(bus);
else if (role === 'call') await callFromNode(bus, Number(calls));
else await compare(Number(role || 5000), Number(bus || 5));
