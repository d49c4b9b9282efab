// waitFor() and the listeners of 'peer' and 'ended'. The bus notifies an endpoint of changes only while it has
// one of these.
import type { Peer } from '../messages/index.js';
import type { NativeEndpoint } from '../native/addon.js';
import type { Selector } from '../selector/index.js';
import type { Settler } from './cancellation.js';
import type { ListenerHooks } from './follow-listeners.js';
import type { Members } from './members.js';

interface Waiting {
  readonly selector: Selector;
  readonly count: number;
  readonly settler: Settler<readonly Peer[]>;
}

/** The watchers of one endpoint. */
export class Watchers {
  readonly #native: NativeEndpoint;
  readonly #members: Members;
  readonly #routeOf: (selector: Selector) => number;
  readonly #waiting = new Map<Settler<readonly Peer[]>, Waiting>();
  readonly #listening = new Set<'peer' | 'ended'>();
  #watching = false;

  constructor(native: NativeEndpoint, members: Members, routeOf: (selector: Selector) => number) {
    this.#native = native;
    this.#members = members;
    this.#routeOf = routeOf;
  }

  /** Called when the listeners of these events come, or are gone. */
  readonly hooks: ListenerHooks = {
    peer: (wanted) => this.#listen('peer', wanted),
    ended: (wanted) => this.#listen('ended', wanted),
  };

  /** Settles once `count` endpoints match the selector. */
  wait(selector: Selector, count: number, settler: Settler<readonly Peer[]>): void {
    this.#waiting.set(settler, { selector, count, settler });
    // Watch first, then look: changes in between are reported.
    this.#update();
    this.look();
  }

  /** Cancels a waiting call. */
  cancel(settler: Settler<readonly Peer[]>): void {
    this.#waiting.delete(settler);
    this.#update();
  }

  /** Membership or a label has changed: settles the calls that now have enough matches. */
  look(): void {
    for (const { selector, count, settler } of this.#waiting.values()) {
      try {
        // Looked up each time: the number of a long unused route is given to another selector.
        const peers = this.#members.matching(this.#routeOf(selector));
        if (peers.length < count) continue;
        this.#waiting.delete(settler);
        settler.resolve(peers);
      } catch (error) {
        this.#waiting.delete(settler);
        settler.reject(error as Error);
      }
    }
    this.#update();
  }

  /** No more changes will be reported. */
  rejectAll(error: Error): void {
    for (const settler of this.#waiting.keys()) settler.reject(error);
    this.#waiting.clear();
    this.#update();
  }

  #listen(event: 'peer' | 'ended', wanted: boolean): void {
    if (wanted) this.#listening.add(event);
    else this.#listening.delete(event);
    this.#update();
  }

  #update(): void {
    const wanted = this.#listening.size > 0 || this.#waiting.size > 0;
    if (wanted === this.#watching) return;
    this.#watching = wanted;
    this.#native.reportMembers(wanted);
  }
}
