// The interface by which a running table shows its routes to others, as the command line.
import { defineInterface, t } from '../interface/entry-values.js';
import { type Served, server } from './served.js';
import type { RouteRow } from './types.js';

const row = t.struct('Route', {
  /** The name of the route. */
  name: t.string,
  /** The key of the type; for a method, `interface.method`. */
  type: t.string,
  /** The condition on senders; left out for none. */
  from: t.optional(t.string),
  /** How its messages take turns. */
  mode: t.enum('Turns', ['serial', 'concurrent', 'ordered', 'call', 'emit']),
  /** Messages at a time; 0 for `emit`. */
  concurrency: t.u32,
  /** Where messages are sent, for `emit` and for a route that forwards. */
  to: t.optional(t.string),
  /** Messages handled; for `emit`, messages sent. */
  handled: t.u53,
  /** Attempts that failed and were followed by another one. */
  retried: t.u53,
  /** Messages that were given up. */
  failed: t.u53,
  /** Of the `failed`, those that went to the dead letters. */
  deadLetters: t.u53,
  /** Messages whose handlers have not finished. */
  running: t.u53,
  /** Messages that wait for their turn. */
  waiting: t.u53,
  /** Mean time of a message; 0 before the first one was timed. */
  meanMicroseconds: t.f64,
});

/**
 * The interface of a table that was started with `inspectable`, for `connect` of `busbar/rpc`:
 * `routes()` returns what `handlers.routes()` does there.
 */
export const HandlersService = defineInterface('busbar.handlers', '1.0', {
  methods: {
    /** The table as it is now, one row for each route, method and destination. */
    routes: {
      /** One for each route, method and destination. */
      returns: t.list(row),
      /** It can be called again. */
      idempotent: true,
    },
  },
});

/** Serves the rows. */
export function inspection(routes: () => readonly RouteRow[]): Served {
  return server(HandlersService, { routes: () => [...routes()] }) as Served;
}
