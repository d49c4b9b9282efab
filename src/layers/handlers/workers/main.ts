// The program of a worker: loads a module, puts its table to work, and obeys its pool. It is started
// by channel.ts only, as a thread or as a process.
import { parentPort } from 'node:worker_threads';
import type { MessageBox } from '../../../index.js';
import type { Bus } from '../../rpc/index.js';
import { TableError } from '../errors.js';
import { handleHere } from '../handle.js';
import type { Handlers } from '../handlers.js';
import type { HandleOptions } from '../options.js';
import type { FullTable } from '../types.js';
import type { FromWorker, ToWorker, WorkerStart } from './protocol.js';

/** What a module of a pool exports. */
interface TableModule {
  readonly box?: MessageBox;
  readonly table?: FullTable<MessageBox> | ((data: unknown) => FullTable<MessageBox>);
  readonly options?: HandleOptions;
}

let handlers: Handlers | undefined;
let ending = false;

function say(message: FromWorker): void {
  if (parentPort !== null) parentPort.postMessage(message);
  // A pool that is gone hears nothing; 'disconnect' ends this process.
  else process.send?.(message, undefined, undefined, () => undefined);
}

async function start({ bus, module, options, data, ignored }: WorkerStart): Promise<void> {
  if (parentPort === null) for (const signal of ignored) process.on(signal, () => undefined);
  const { box, table, options: own } = (await import(module)) as TableModule;
  if (box === undefined || table === undefined) {
    throw new TableError(`${module} does not export a 'box' and a 'table'`);
  }
  const made = typeof table === 'function' ? table(data) : table;
  const all = { ...own, ...options } as HandleOptions;
  handlers = await handleHere(bus as Bus, box, made, all);
  if (ending) return end(undefined);
  // Expelled by the bus: the pool starts another worker.
  handlers.on('close', (error) => {
    if (error !== undefined) throw error;
  });
  say({ kind: 'started', id: handlers.id });
}

async function end(drain: number | undefined): Promise<void> {
  ending = true;
  await handlers?.close(drain === undefined ? {} : { drain });
  parentPort?.close();
  if (parentPort === null) process.disconnect?.();
}

function onMessage(message: ToWorker): void {
  if (message.kind === 'start') {
    start(message.start).catch((error: unknown) => {
      say({ kind: 'failed', error });
      void end(0);
    });
  } else if (message.kind === 'routes') {
    say({ kind: 'routes', question: message.question, rows: handlers?.routes() ?? [] });
  } else void end(message.drain);
}

if (parentPort !== null) parentPort.on('message', onMessage);
else {
  process.on('message', (message) => onMessage(message as ToWorker));
  process.on('disconnect', () => {
    if (!ending) void end(undefined);
  });
}
