// Learns the names of types from the servers of a bus, while it is observed.
import type { Observer } from '../../../index.js';
import { look } from '../bus/look.js';
import { oneOfEach } from '../bus/served-names.js';
import type { ChosenBus } from '../bus/which-bus.js';
import type { Output } from '../usage.js';
import type { KnownTypes } from './known-types.js';

/** Milliseconds that servers get to describe their types. */
const describeTime = 500;
/** Milliseconds between two looks for servers that came later. */
const describeEvery = 1000;

/** Asks servers for the names of types, and again when unknown ones appear. */
export class Descriptions {
  readonly #bus: ChosenBus;
  readonly #types: KnownTypes;
  readonly #wanted: boolean;
  #last = 0;
  #asking = false;

  constructor(bus: ChosenBus, types: KnownTypes, wanted: boolean) {
    this.#bus = bus;
    this.#types = types;
    this.#wanted = wanted;
  }

  /** Before there is an observer. */
  async learn(output: Output): Promise<void> {
    await using observer = await look(this.#bus, output);
    await this.learnFrom(observer);
  }

  async learnFrom(observer: Observer): Promise<void> {
    if (!this.#wanted || this.#asking) return;
    this.#asking = true;
    this.#last = performance.now();
    const servers = oneOfEach(observer.peers);
    if (servers.length > 0) {
      const { learnTypes } = await import('./described-types.js');
      await learnTypes(this.#bus, servers, describeTime, this.#types);
    }
    this.#asking = false;
  }

  /** While observing; messages that are shown meanwhile have no name. */
  learnLater(observer: Observer, unknown: boolean): void {
    if (!unknown || performance.now() < this.#last + describeEvery) return;
    this.learnFrom(observer).catch(() => undefined);
  }
}
