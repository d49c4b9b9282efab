// The methods of served interfaces as routes: each runs through the middleware of the table, and is
// counted like a message.
import type { Call } from '../rpc/index.js';
import type { AnyContext, AnyMessage, Middleware } from './any-message.js';
import { isThenable } from './checks.js';
import { Counters } from './counters.js';
import { compose, type Run } from './middleware.js';
import type { Served } from './served.js';

/** A method with its counts. */
export interface CallRow {
  /** `interface.method` */
  readonly name: string;
  readonly concurrency: number;
  readonly counters: Counters;
}

/** What middleware sees of a call beside its message. */
class CallContext implements AnyContext {
  readonly call: Call;

  constructor(call: Call) {
    this.call = call;
  }

  get attempt(): number {
    return this.call.attempt + 1;
  }

  get signal(): AbortSignal {
    return this.call.signal;
  }
}

/** An implementation whose methods are counted, inside of middleware; and the rows. */
export function counted(
  { source, implementation, options, use }: Served,
  outer: readonly Middleware[],
): { implementation: object; rows: readonly CallRow[] } {
  const wrapped: Record<string, unknown> = {};
  const rows: CallRow[] = [];
  const concurrency = options.concurrency ?? 4096;
  for (const method of Object.keys(source.methods)) {
    const run = (implementation as Readonly<Record<string, unknown>>)[method];
    // `serve` says what is missing.
    if (typeof run !== 'function') continue;
    const row = { name: `${source.name}.${method}`, concurrency, counters: new Counters() };
    rows.push(row);
    const inner: Run<CallContext> = (message, { call }) =>
      Reflect.apply(run, implementation, [message.payload, call]);
    const all = compose([...outer, ...use], inner);
    wrapped[method] = (args: unknown, call: Call) =>
      count(row, () => all(messageOf(row.name, args, call), new CallContext(call)));
  }
  return { implementation: wrapped, rows };
}

function messageOf(type: string, payload: unknown, { from }: Call): AnyMessage {
  return { type, payload, from, id: 0, metadata: undefined };
}

function count({ counters }: CallRow, run: () => unknown): unknown {
  const began = counters.begin();
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    counters.failed++;
    throw error;
  }
  if (!isThenable(result)) {
    counters.handled++;
    if (began !== 0) counters.end(began);
    return result;
  }
  counters.running++;
  return result.then(
    (value) => {
      counters.running--;
      counters.handled++;
      if (began !== 0) counters.end(began);
      return value;
    },
    (error: unknown) => {
      counters.running--;
      counters.failed++;
      throw error;
    },
  );
}
