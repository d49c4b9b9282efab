// A place of a pool: the worker that is there now, and its next ones after deaths.
import { WorkerError } from '../errors.js';
import type { RouteRow } from '../types.js';
import { type Channel, openChannel, type WorkerKind } from './channel.js';
import type { FromWorker, WorkerStart } from './protocol.js';

/** Milliseconds that a worker gets beyond its drain before it is ended. */
const grace = 5000;

/** A running worker. */
export class PoolWorker {
  /** The number of its endpoint. */
  id = 0;
  readonly startedAt = performance.now();
  /** Resolves when it is gone, with how it ended. */
  readonly gone: Promise<WorkerError>;
  readonly #channel: Channel;
  readonly #questions = new Map<number, (rows: readonly RouteRow[]) => void>();
  #asked = 0;
  #over = false;
  #onStarted: ((error: WorkerError | undefined) => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(kind: WorkerKind) {
    let leave = (_: WorkerError) => {};
    this.gone = new Promise((resolve) => {
      leave = resolve;
    });
    this.#channel = openChannel(kind, {
      message: (message) => this.#act(message),
      exit: (code, error) => {
        this.#over = true;
        clearTimeout(this.#timer);
        const cause = error === undefined ? {} : { cause: error };
        const failure = new WorkerError(`a worker ${kind} ended with ${code}`, cause);
        this.#onStarted?.(failure);
        for (const answer of this.#questions.values()) answer([]);
        leave(failure);
      },
    });
  }

  get pid(): number {
    return this.#channel.pid;
  }

  /** Resolves when its table is at work. */
  start(start: WorkerStart): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onStarted = (error) => {
        this.#onStarted = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#channel.send({ kind: 'start', start });
    });
  }

  routes(): Promise<readonly RouteRow[]> {
    if (this.#over) return Promise.resolve([]);
    const question = ++this.#asked;
    return new Promise((resolve) => {
      this.#questions.set(question, resolve);
      this.#channel.send({ kind: 'routes', question });
    });
  }

  /** Lets it drain, and resolves when it is gone. */
  async close(drain: number | undefined, atMost: number): Promise<void> {
    if (this.#over) return;
    this.#channel.send({ kind: 'close', drain });
    const patience = Math.min(atMost + grace, 2 ** 31 - 1);
    this.#timer ??= setTimeout(() => this.#channel.kill(), patience);
    await this.gone;
  }

  #act(message: FromWorker): void {
    if (message.kind === 'started') {
      this.id = message.id;
      this.#onStarted?.(undefined);
    } else if (message.kind === 'failed') {
      const { error } = message;
      const text = error instanceof Error ? error.message : String(error);
      this.#onStarted?.(new WorkerError(`a worker did not start: ${text}`, { cause: error }));
    } else {
      this.#questions.get(message.question)?.(message.rows);
      this.#questions.delete(message.question);
    }
  }
}
