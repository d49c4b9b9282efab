// One thread of a served database, as the thread that started it has it: it starts it again when it
// ends by itself, and closes it.
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { refused } from '../checks.js';
import { DatabaseOpenError, MissingEngineError } from '../errors.js';
import type { FromWorker, ToWorker, WorkerData } from './worker-data.js';

const ownFile = /\/layers\/sql\/server\/thread\.js$/;
// As a variable: webpack would take the address of a literal for a file to copy.
const programFile = './main.js';
/** How soon a thread is started again, and how long that takes at most. */
const [firstDelay, lastDelay] = [10, 5000];

/** The program of a thread, which is a file of the package. */
function program(): URL {
  // Bundlers that emit CommonJS leave `import.meta` empty; beside a bundle there is no such file.
  const url = import.meta.url as string | undefined;
  const found = url !== undefined && ownFile.test(url) ? new URL(programFile, url) : undefined;
  if (found !== undefined && existsSync(found)) return found;
  throw refused('serveDatabase() needs the installed package: leave busbar out of the bundle');
}

/** A thread. */
export class Thread {
  readonly #data: WorkerData;
  readonly #tell: (error: Error) => void;
  #worker: Worker | undefined;
  #engine = '';
  #delay = firstDelay;
  #restarting: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #ended: Promise<void> = Promise.resolve();

  private constructor(data: WorkerData, tell: (error: Error) => void) {
    this.#data = data;
    this.#tell = tell;
  }

  /**
   * Starts a thread; resolves once it serves.
   * @throws MissingEngineError, DatabaseOpenError, or why it could not join.
   */
  static async start(data: WorkerData, tell: (error: Error) => void): Promise<Thread> {
    const thread = new Thread(data, tell);
    await thread.#start();
    return thread;
  }

  /** The driver that it found. */
  get engine(): string {
    return this.#engine;
  }

  /** Ends it once its calls are over, after `linger` milliseconds at the latest. */
  async close(linger: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restarting);
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.postMessage({ linger } satisfies ToWorker);
    // A statement that does not end keeps it beyond that.
    const late = setTimeout(() => void worker.terminate(), linger + 1000);
    await this.#ended;
    clearTimeout(late);
  }

  #start(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const worker = new Worker(program(), {
        workerData: this.#data,
        name: `busbar sql ${this.#data.role}`,
      });
      this.#worker = worker;
      let ready = false;
      let why: unknown;
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'error') {
          this.#tell(
            new Error(`the ${this.#data.role} of ${this.#data.file.path}: ${message.error}`),
          );
          return;
        }
        if (message.kind === 'failed') {
          why = this.#failure(message);
          return;
        }
        ready = true;
        this.#engine = message.engine;
        resolve();
      });
      worker.on('error', (error) => {
        why ??= error;
      });
      this.#ended = new Promise((ended) => {
        worker.on('exit', () => {
          this.#worker = undefined;
          ended();
          const error = why instanceof Error ? why : new Error(`a ${this.#data.role} has ended`);
          if (!ready) reject(error);
          else if (!this.#closed) this.#again(error);
        });
      });
    });
  }

  // Callers find the others meanwhile; without a writer, writes wait.
  #again(error: Error): void {
    this.#tell(error);
    this.#restarting = setTimeout(() => {
      this.#start().then(
        () => {
          this.#delay = firstDelay;
        },
        (failed: Error) => {
          if (!this.#closed) this.#again(failed);
        },
      );
    }, this.#delay);
    this.#delay = Math.min(this.#delay * 2, lastDelay);
  }

  #failure(message: Extract<FromWorker, { readonly kind: 'failed' }>): Error {
    const { path } = this.#data.file;
    if (message.reason === 'engine') return new MissingEngineError(message.message);
    if (message.reason === 'join') return new Error(message.message, { cause: message.cause });
    return new DatabaseOpenError(
      `cannot open ${path}: ${message.message}`,
      path,
      message.result,
      message.cause,
    );
  }
}
