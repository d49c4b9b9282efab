// The main process's side of the pages. A page is not trusted: it reaches what its desk offers and
// nothing else, and what it sends is checked against the interface before it comes here.
import { serve } from 'busbar/rpc';
import { Desk } from './interfaces.mjs';

export class Desks {
  #painter;
  #services = new Set();

  /** @param {import('busbar/rpc').ClientOf<typeof import('./interfaces.mjs').Painter>} painter */
  constructor(painter) {
    this.#painter = painter;
  }

  /**
   * Serves a page until its port is closed.
   * @param {import('busbar/rpc').PortLike} port its end in the main process
   */
  async open(port) {
    const service = await serve(port, Desk, {
      pictures: (_, call) => this.#pictures(call.signal),
      setSpeed: async ({ step }, call) => {
        await this.#painter.step.set(step, { signal: call.signal });
      },
      greet: ({ text }) => {
        const others = [...this.#services].filter((each) => each !== service);
        for (const other of others) other.emit.greeted({ text });
        return others.length;
      },
    });
    this.#services.add(service);
    port.on('close', () => this.#services.delete(service));
  }

  // Read no faster than the page reads; then the painter skips pictures.
  async *#pictures(signal) {
    for await (const { pixels, ...picture } of this.#painter.pictures({ signal })) {
      // A port cannot carry shared memory into a page, and Electron allows no view of it: copied
      // once.
      const copy = pixels.copy();
      pixels.release();
      yield { ...picture, pixels: copy };
    }
  }
}
