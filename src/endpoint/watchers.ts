// Who waits for others to come or go: waitFor() and the listeners of 'peer'. The bus tells an endpoint about changes
// only while there is somebody.
import type { Peer } from '../messages/index.js';
import type { NativeEndpoint } from '../native/addon.js';
import type { Selector } from '../selector/index.js';
import type { Settler } from './cancellation.js';

interface Waiting {
  readonly selector: Selector;
  readonly count: number;
  readonly settler: Settler<readonly Peer[]>;
}

/** The watchers of one endpoint. */
export class Watchers {
  readonly #native: NativeEndpoint;
  readonly #routeOf: (selector: Selector) => number;
  readonly #waiting = new Map<Settler<readonly Peer[]>, Waiting>();
  #listening = false;
  #watching = false;

  constructor(native: NativeEndpoint, routeOf: (selector: Selector) => number) {
    this.#native = native;
    this.#routeOf = routeOf;
  }

  /** Somebody listens to changes, or no longer. */
  listen(wanted: boolean): void {
    this.#listening = wanted;
    this.#update();
  }

  /** Settles once `count` endpoints match the selector. */
  wait(selector: Selector, count: number, settler: Settler<readonly Peer[]>): void {
    this.#waiting.set(settler, { selector, count, settler });
    // Watch first, then look: what comes in between is told.
    this.#update();
    this.look();
  }

  /** No longer waits. */
  cancel(settler: Settler<readonly Peer[]>): void {
    this.#waiting.delete(settler);
    this.#update();
  }

  /** Membership has changed: who has what it waits for? */
  look(): void {
    for (const { selector, count, settler } of this.#waiting.values()) {
      try {
        // Asked for each time: the number of a route that is long unused goes to another selector.
        const ids = new Set(this.#native.matches(this.#routeOf(selector)));
        if (ids.size < count) continue;
        const peers = this.#native.members().filter((member) => ids.has(member.id));
        this.#waiting.delete(settler);
        settler.resolve(peers);
      } catch (error) {
        this.#waiting.delete(settler);
        settler.reject(error as Error);
      }
    }
    this.#update();
  }

  /** Nothing will be told any more. */
  rejectAll(error: Error): void {
    for (const settler of this.#waiting.keys()) settler.reject(error);
    this.#waiting.clear();
    this.#update();
  }

  #update(): void {
    const wanted = this.#listening || this.#waiting.size > 0;
    if (wanted === this.#watching) return;
    this.#watching = wanted;
    this.#native.watchMembers(wanted);
  }
}
