// The abilities of the JavaScript runtime that hosts the addon, and the environment variables by
// which tests restrict it.

/**
 * Whether the event loop is libuv's. Bun and Deno implement only parts of libuv, without watching a
 * descriptor. `BUSBAR_EVENT_LOOP=foreign` in the environment makes it false, to test in Node how
 * Busbar runs there.
 */
export const hostHasLibuv =
  process.env.BUSBAR_EVENT_LOOP !== 'foreign' &&
  !('bun' in process.versions) &&
  !('deno' in process.versions);

/**
 * Whether the environment forbids views of shared memory, as Electron does by itself. Set by
 * `BUSBAR_EXTERNAL_BUFFERS=forbid`, to test programs for runtimes that forbid such views.
 */
export const viewsForbidden = process.env.BUSBAR_EXTERNAL_BUFFERS === 'forbid';
