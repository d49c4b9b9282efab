// One member of the demo's bus: a process or a worker thread that plays one role. It reports to the
// director outside the bus (by IPC or the worker's port), so that the bus is not checked by itself.
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { join } from 'busbar';
import { box } from './box.mjs';
import { roles } from './roles.mjs';

const { bus, name, role, expected } = isMainThread ? JSON.parse(process.argv[2]) : workerData;
const director = isMainThread
  ? { tell: (news) => process.send(news), hear: (listener) => process.on('message', listener) }
  : {
      tell: (news) => parentPort.postMessage(news),
      hear: (listener) => parentPort.on('message', listener),
    };

const endpoint = await join(bus, { label: [...new Set([name, role])], messages: box });
const count = { in: 0, out: 0 };
const roundTrips = [];
const until = new AbortController();

endpoint.on('controller', ({ peer, self, gapMs, generation }) => {
  director.tell({ kind: 'controller', by: peer?.label[0], self, gapMs, generation });
});

const timer = setInterval(() => {
  roundTrips.sort((a, b) => a - b);
  const at = (part) => roundTrips[Math.floor(part * (roundTrips.length - 1))];
  const controller = endpoint.isController;
  director.tell({ kind: 'figures', ...count, controller, p50: at(0.5), p99: at(0.99) });
  roundTrips.length = 0;
}, 250);

// When the director ends, however it ends, its members end, too.
const abandoned = () => process.exit(1);
if (isMainThread) process.on('disconnect', abandoned);

director.hear(async (order) => {
  if (order === 'stop') until.abort();
  if (order === 'leave') {
    clearInterval(timer);
    await endpoint.close();
    process.off('disconnect', abandoned);
    if (isMainThread) process.disconnect();
    else parentPort.close();
  }
  if (order === 'go') {
    const result = await roles[role]({
      endpoint,
      count,
      roundTrips,
      expected,
      until: until.signal,
    });
    director.tell({ kind: 'result', ...result });
  }
});
director.tell({ kind: 'joined', id: endpoint.id });
