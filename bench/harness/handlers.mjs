// The program of the `handlers` trial: `handlers.mjs <job as JSON>` prints the figures as one line of
// JSON. Sender and receiver are in one thread, so that the time of a message is the whole work for
// it; all variants take turns in one process, since they differ by less than processes do.

import { loadBusbar, loadEntry } from './busbar.mjs';
import { median } from './statistics.mjs';

const BATCH = 2000;
const job = JSON.parse(process.argv[2]);

const { join, messageBox, messageType, struct } = await loadBusbar();
const { handle, emits } = await loadEntry('./handlers');
const codec = struct({ x: 'u32' });
const types = ['Move', 'Turn', 'Stop', 'Done'].map((name) => [
  name,
  messageType(`bench.${name}`, { codec }),
]);
const box = messageBox(Object.fromEntries(types));
const bus = `${job.bus}-handlers`;

let sum = 0;
let left = 0;
let done = () => {};
const count = (payload) => {
  sum += payload.x;
  if (--left === 0) done();
};
const pass = (_, __, next) => next();
const table = { Move: count, Turn: count, Stop: count, Done: emits() };

/** The loop that a table is in place of. */
async function bareSwitch() {
  const endpoint = await join(bus, { label: 'switch', messages: box });
  void (async () => {
    for await (const { type, payload } of endpoint) {
      switch (type) {
        case 'Move':
          count(payload);
          break;
        case 'Turn':
          count(payload);
          break;
        case 'Stop':
          count(payload);
          break;
      }
    }
  })();
  return endpoint;
}

const receivers = {
  switch: await bareSwitch(),
  table: await handle(bus, box, table, { label: 'table' }),
  'table-5': await handle(bus, box, table, { label: 'table-5', use: Array(5).fill(pass) }),
};
const sender = await join(bus, { messages: box, ringBytes: 1 << 22 });
const messages = types.slice(0, 3).map(([name]) => box[name]({ x: 1 }));

/** Nanoseconds of a message, sending included. */
async function round(label) {
  left = BATCH;
  const arrived = new Promise((resolve) => {
    done = resolve;
  });
  const start = process.hrtime.bigint();
  for (let i = 0; i < BATCH; i++) sender.send(label, messages[i % 3]);
  await arrived;
  return Number(process.hrtime.bigint() - start) / BATCH;
}

const names = Object.keys(receivers);
const rounds = Object.fromEntries(names.map((name) => [name, []]));
const until = performance.now() + job.milliseconds * 8;
for (let turn = 0; performance.now() < until; turn++) {
  // Another one begins each time.
  for (let i = 0; i < names.length; i++) {
    const name = names[(turn + i) % names.length];
    const time = await round(name);
    if (turn >= 20) rounds[name].push(time);
  }
}
const medians = Object.fromEntries(names.map((name) => [name, median(rounds[name])]));
for (const receiver of Object.values(receivers)) await receiver.close();
await sender.close();
if (sum === 0) throw new Error('nothing was handled');
console.log(
  JSON.stringify({
    switchNs: medians.switch,
    tableNs: medians.table - medians.switch,
    middlewareNs: (medians['table-5'] - medians.table) / 5,
  }),
);
