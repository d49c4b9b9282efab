// For files whose tests have nothing that keeps the process alive: lines within the process, and
// timers of Busbar's that keep no process alive either.
import type { TestFn } from 'ava';

/** Keeps the process alive until the tests of a file have ended. */
export function keepAlive(test: TestFn): void {
  let alive: NodeJS.Timeout;
  test.before(() => {
    alive = setInterval(() => undefined, 1000);
  });
  test.after.always(() => clearInterval(alive));
}
