// Middleware around a handler, composed once for each route.

import type { AnyContext, AnyMessage, Middleware } from './any-message.js';
import { NextTwiceError } from './errors.js';

/** A handler with its middleware. */
export type Run<C extends AnyContext> = (message: AnyMessage, context: C) => unknown;

/** `handler` inside of `middleware`, of which the first one is the outermost. */
export function compose<C extends AnyContext>(
  middleware: readonly Middleware[],
  handler: Run<C>,
): Run<C> {
  return middleware.reduceRight<Run<C>>((inner, outer) => around(outer, inner), handler);
}

function around<C extends AnyContext>(outer: Middleware, inner: Run<C>): Run<C> {
  return (message, context) => {
    let called = false;
    return outer(message, context, () => {
      if (called) {
        throw new NextTwiceError(
          `a middleware called next() twice for one message of type '${message.type}'`,
        );
      }
      called = true;
      return inner(message, context);
    });
  };
}
