// The control line between the processes of a trial: small JSON objects, which are never measured.

import { createInterface } from 'node:readline';

/** One end of a control line. Objects that arrive before a call of next() are kept in order. */
export class Control {
  #write;
  #arrived = [];
  #waiting = [];
  #ended;

  /** @param {(object: object) => void} write */
  constructor(write) {
    this.#write = write;
  }

  /** @param {object} object */
  send(object) {
    this.#write(object);
  }

  /**
   * The next object from the other end.
   * @returns {Promise<any>} rejects when the other end is gone
   */
  next() {
    if (this.#arrived.length > 0) return Promise.resolve(this.#arrived.shift());
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** @param {object} object */
  arrived(object) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve(object);
    else this.#arrived.push(object);
  }

  /** @param {Error} reason pending and later calls of next() reject with it */
  end(reason) {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}

/**
 * A control line over two byte streams, one object per line.
 * @param {import('node:stream').Readable} readable
 * @param {import('node:stream').Writable} writable
 * @returns {Control}
 */
export function streamControl(readable, writable) {
  const control = new Control((object) => writable.write(`${JSON.stringify(object)}\n`));
  writable.on('error', () => {}); // the other end is gone: `close` below reports it
  createInterface({ input: readable })
    .on('line', (line) => control.arrived(JSON.parse(line)))
    .on('close', () => control.end(new Error('the other end of the control line is gone')));
  return control;
}

/**
 * A control line to a worker thread or, in a worker thread, to its parent.
 * @param {import('node:worker_threads').Worker | import('node:worker_threads').MessagePort} port
 * @returns {Control}
 */
export function portControl(port) {
  const control = new Control((object) => port.postMessage(object));
  port.on('message', (object) => control.arrived(object));
  port.on('close', () => control.end(new Error('the other end of the control line is gone')));
  return control;
}
