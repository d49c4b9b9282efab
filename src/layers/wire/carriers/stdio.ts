// Wires over the standard streams of a child process, or over two descriptors beside them.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Carrier } from '../carrier.js';
import { optionError } from '../errors.js';
import { StreamCarrier, type WritableLike } from './stream.js';

/** Tells a child that its wire has descriptors of its own. */
const variable = 'BUSBAR_WIRE_FDS';
const descriptors = '3,4';

/**
 * Starts a program with two pipes of its own for a wire, so that its standard streams stay free; a
 * program that calls `serveWire(stdio(), …)` finds them. `options` are those of Node's `spawn`,
 * except `stdio`: the standard streams are inherited.
 */
export function spawnWire(
  command: string,
  args: readonly string[] = [],
  options: Omit<SpawnOptions, 'stdio'> = {},
): ChildProcess {
  return spawn(command, args, {
    ...options,
    env: { ...(options.env ?? process.env), [variable]: descriptors },
    stdio: ['inherit', 'inherit', 'inherit', 'pipe', 'pipe'],
  });
}

const carriers = new WeakMap<object, Carrier>();
let own: Carrier | undefined;

/**
 * The wire to a child process: over the pipes of {@link spawnWire}, or else over its standard input
 * and output. Without an argument, the wire to the process that started this one; where that is over
 * the standard output, whatever else this program writes there goes to its standard error instead.
 *
 * @throws WireError `WIRE_OPTION` if the child has no pipes.
 */
export function stdio(child?: ChildProcess): Carrier {
  if (child === undefined) {
    own ??= toParent();
    return own;
  }
  let carrier = carriers.get(child);
  if (carrier === undefined) {
    carrier = toChild(child);
    carriers.set(child, carrier);
  }
  return carrier;
}

function toChild(child: ChildProcess): Carrier {
  const name = `child process ${child.pid ?? '?'}`;
  const [input, output, , toIt, fromIt] = child.stdio ?? [];
  if (toIt && fromIt) return new StreamCarrier(fromIt as Readable, toIt as Writable, { name });
  if (!input || !output) throw optionError(`${name} has no pipes; see spawnWire()`);
  return new StreamCarrier(output as Readable, input as Writable, { name });
}

function toParent(): Carrier {
  const name = 'parent process';
  if (process.env[variable] === descriptors) {
    delete process.env[variable];
    const [from, to] = [3, 4].map(
      (fd) => new Socket({ fd, readable: fd === 3, writable: fd === 4 }),
    );
    return new StreamCarrier(from as Socket, to as Socket, { name });
  }
  return new StreamCarrier(process.stdin, takeOutput(), { name });
}

// A stray print would end the wire.
function takeOutput(): WritableLike {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  return {
    write: (chunk) => write(chunk),
    end: () => stdout.end(),
    on: (event, listener) => stdout.on(event, listener as () => void),
    destroy: () => stdout.destroy(),
  };
}
