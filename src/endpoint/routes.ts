// Maps selectors to native routes. Bounded, since programs may generate selectors: the oldest
// routes are dropped.
import { errorFromStatus } from '../errors/index.js';
import type { NativeEndpoint } from '../native/addon.js';
import type { Selector } from '../selector/index.js';

/** Routes kept for one endpoint. */
const maxRoutes = 2048;

/** The routes of one endpoint. */
export class Routes {
  readonly #native: NativeEndpoint;
  readonly #routes = new Map<Selector, number>();
  #last: Selector | undefined;
  #lastRoute = 0;

  constructor(native: NativeEndpoint) {
    this.#native = native;
  }

  /** The route of a selector. */
  of(selector: Selector): number {
    if (selector === this.#last) return this.#lastRoute;
    const route = this.#routes.get(selector) ?? this.#add(selector);
    this.#last = selector;
    this.#lastRoute = route;
    return route;
  }

  #add(selector: Selector): number {
    const { program, kind, excludeSelf } = selector;
    const route = this.#native.addRoute(program, kind === 'unicast', excludeSelf);
    if (route < 0) throw errorFromStatus(-route);
    this.#routes.set(selector, route);
    if (this.#routes.size > maxRoutes) this.#dropOldest();
    return route;
  }

  #dropOldest(): void {
    const [oldest] = this.#routes;
    if (oldest === undefined) return;
    this.#routes.delete(oldest[0]);
    this.#native.releaseRoute(oldest[1]);
  }
}
