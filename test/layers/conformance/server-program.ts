// Serves the conformance interface, in a process of its own over a bus, or in a worker thread over a
// message port. Follows its test's orders; without an IPC channel, as of a test in another language,
// these and what it tells are lines of JSON.
import { createInterface } from 'node:readline';
import { parentPort, workerData } from 'node:worker_threads';
import { implement, type PortLike, serve } from 'busbar/rpc';
import { serveWire } from 'busbar/wire';
import { Held, implementation, type Place } from './implementation.js';
import { Conformance } from './interface.js';
import { placeOf, type ServerWire } from './server-wire.js';

/** How the test starts it. */
export interface Start {
  readonly name: string;
  /** The bus; in a worker, the port; or a wire. */
  readonly place: string | PortLike | ServerWire;
  readonly options: {
    readonly label?: string;
    readonly concurrency?: number;
    readonly queue?: number;
    readonly perCaller?: number;
    readonly errorMessages?: 'tell' | 'hide';
    readonly linger?: number;
  };
}

/** An order: what, and its argument. */
export type Order = readonly [what: string, argument?: string, value?: string];

const start: Start =
  parentPort === null ? (JSON.parse(process.argv[2] ?? '') as Start) : (workerData as Start);
const tell = (news: string) => {
  if (parentPort !== null) parentPort.postMessage(news);
  else if (process.connected) process.send?.(news);
  else process.stdout.write(`${JSON.stringify(news)}\n`);
};
const held = new Held();
const place: Place = { name: start.name, tell, service: undefined };
const { place: at } = start;
const options = {
  ...start.options,
  properties: { level: 1, title: start.name },
  onSet: {
    level(value: number) {
      if (value === 13) throw new RangeError('13 is refused');
      return Math.min(value, 1000);
    },
  },
  onError: (_: unknown, { method }: { readonly method: string }) => tell(`error in ${method}`),
};
const service =
  typeof at === 'object' && 'wire' in at
    ? await serveWire(placeOf(at), Conformance, implementation(place, held), {
        ...options,
        ...at.options,
      })
    : await serve(at, Conformance, implementation(place, held), options);
place.service = service;

const obey = async ([what, argument = '', value = '']: Order) => {
  if (what === 'release') held.release(argument, value);
  else if (what === 'remove') implement(service, argument, undefined);
  else if (what === 'implement') implement(service, argument, () => value);
  else if (what === 'level') service.level = Number(argument);
  else if (what === 'tick') service.emit.tick({ n: Number(argument) });
  else if (what === 'close') {
    await service.close();
    tell('closed');
    if (parentPort !== null) parentPort.close();
    else if (process.connected) process.disconnect();
    else process.stdin.destroy();
    return;
  }
  tell(`done ${what}`);
};
const listen = (order: Order) => void obey(order);
if (parentPort !== null) parentPort.on('message', listen);
else if (process.connected) process.on('message', listen);
else createInterface(process.stdin).on('line', (line) => listen(JSON.parse(line) as Order));
tell('serving');
