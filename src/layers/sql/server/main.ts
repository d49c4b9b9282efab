// The program of a thread that serves a database: it joins the bus by itself, so that a call goes
// straight to the thread that runs the statement.
import { parentPort, workerData } from 'node:worker_threads';
import { implement, serve } from '../../rpc/index.js';
import { findEngine, NoEngine } from '../engine/find-engine.js';
import { resultName } from '../engine/results.js';
import { SqlService } from '../service.js';
import { Failures } from './failures.js';
import { ServedFile } from './file.js';
import { Reader, withoutWriter } from './reader.js';
import type { Session } from './session.js';
import { type FromWorker, roles, type ToWorker, type WorkerData } from './worker-data.js';
import { Writer } from './writer.js';

const own = workerData as WorkerData;
const port = parentPort;
const busy = 5;
/** How often a file is tried again that another process has for itself. */
const retryEvery = 16;

function report(message: FromWorker): void {
  port?.postMessage(message);
}

async function start(): Promise<void> {
  let reason: 'engine' | 'open' | 'join' = 'engine';
  let result: string | undefined;
  try {
    const engine = await findEngine(own.driver);
    reason = 'open';
    const file = new ServedFile(engine, own.file);
    const failures = new Failures(engine, own.file.maxResult);
    const opened = async () => {
      for (;;) {
        try {
          return own.role === 'writer' ? file.openWriter() : undefined;
        } catch (error) {
          const number = failures.resultOf(error);
          if (number !== undefined) result = resultName(number);
          if (number === undefined || (number & 0xff) !== busy) throw error;
          await new Promise((resolve) => setTimeout(resolve, retryEvery));
        }
      }
    };
    const session = await opened();
    const service = serviceOf(file, session, failures);
    reason = 'join';
    await join(service);
    report({ kind: 'ready', engine: engine.name });
  } catch (error) {
    const { message } = error as Error;
    report({
      kind: 'failed',
      reason: error instanceof NoEngine ? 'engine' : reason,
      message,
      ...(result === undefined ? {} : { result }),
      cause: String((error as Error).cause ?? message),
    });
    port?.close();
  }
}

function serviceOf(file: ServedFile, session: Session | undefined, failures: Failures) {
  return session === undefined
    ? new Reader(file, failures, own.at, own.idle)
    : new Writer(file, session, failures, own.at, own.idle);
}

async function join(service: Reader | Writer): Promise<void> {
  const { readOnly } = own.file;
  const served = await serve(
    own.bus,
    SqlService,
    service instanceof Writer ? service : { ...service, ...withoutWriter },
    {
      label: [...own.label, ...(readOnly ? Object.values(roles) : [roles[own.role]]), own.at],
      // Transactions that wait must not keep their holder from committing.
      concurrency: 65_536,
      onError: (error) =>
        report({ kind: 'error', error: String((error as Error)?.stack ?? error) }),
    },
  );
  // Their callers find the writer instead; without one they learn that there is none.
  if (service instanceof Reader && !readOnly) {
    for (const name of Object.keys(withoutWriter)) implement(served, name, undefined);
  }
  port?.on('message', ({ linger }: ToWorker) => {
    served
      .close({ linger })
      .catch((error: unknown) => report({ kind: 'error', error: String(error) }))
      .finally(() => {
        service.close();
        port?.close();
      });
  });
}

void start();
