// The members of the demo as the director sees them: it starts them, sends them orders, gets their
// reports and kills one.
import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { Worker } from 'node:worker_threads';

const program = new URL('./member.mjs', import.meta.url);

/** One member. Emits 'joined', 'controller', 'result' and 'gone'. */
export class Member extends EventEmitter {
  figures = { in: 0, out: 0, controller: false, p50: undefined, p99: undefined };
  /** Messages a second, in and out, over the last quarter of a second. */
  rate = { in: 0, out: 0 };
  result;
  alive = true;
  /** How it ended: 'killed', or 'left' on its own. */
  ended;
  #last = performance.now();
  #tell;
  #end;
  #killed = false;

  constructor(bus, name, role, { thread = false, expected = {} } = {}) {
    super();
    this.name = name;
    this.role = role;
    this.thread = thread;
    const data = { bus, name, role, expected };
    if (thread) {
      const worker = new Worker(program, { workerData: data });
      this.#tell = (order) => worker.postMessage(order);
      this.#end = () => worker.terminate();
      worker.on('message', (news) => this.#hear(news));
      worker.on('error', (error) => this.emit('trouble', error));
      worker.on('exit', (code) => this.#gone(code));
      this.pid = process.pid;
    } else {
      const child = fork(program, [JSON.stringify(data)]);
      this.#tell = (order) => child.connected && child.send(order);
      this.#end = () => child.kill('SIGKILL');
      child.on('message', (news) => this.#hear(news));
      child.on('exit', (code, signal) => this.#gone(code, signal));
      this.pid = child.pid;
    }
  }

  tell(order) {
    if (this.alive) this.#tell(order);
  }

  /** SIGKILL, or the end of the thread: the member gets no chance to react. */
  kill() {
    this.#killed = true;
    this.#end();
  }

  async waitFor(event) {
    const [value] = await once(this, event);
    return value;
  }

  #hear(news) {
    if (news.kind === 'figures') this.#count(news);
    if (news.kind === 'result') this.result = news;
    this.emit(news.kind, news);
  }

  #count({ kind, ...figures }) {
    const now = performance.now();
    const seconds = (now - this.#last) / 1000;
    this.rate.in = (figures.in - this.figures.in) / seconds;
    this.rate.out = (figures.out - this.figures.out) / seconds;
    this.figures = {
      ...figures,
      p50: figures.p50 ?? this.figures.p50,
      p99: figures.p99 ?? this.figures.p99,
    };
    this.#last = now;
  }

  #gone(code, signal) {
    this.alive = false;
    this.ended = this.#killed ? 'killed' : 'left';
    this.figures.controller = false;
    this.rate = { in: 0, out: 0 };
    if (!this.#killed && code !== 0) {
      this.emit('trouble', new Error(`${this.name} ended with ${signal ?? code}`));
    }
    this.emit('gone', { signal });
  }
}
