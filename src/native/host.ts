// What the JavaScript runtime that hosts the addon can do.

/**
 * Whether the event loop is libuv's. Bun and Deno bring only parts of libuv, and not the one that watches a descriptor.
 * `BUSBAR_EVENT_LOOP=foreign` in the environment of the process denies it: for tests in Node of what they do.
 */
export const hostHasLibuv =
  process.env.BUSBAR_EVENT_LOOP !== 'foreign' &&
  !('bun' in process.versions) &&
  !('deno' in process.versions);
