// Whether views of shared memory are forbidden by the environment, as Electron forbids them by
// itself.

/**
 * Set by `BUSBAR_EXTERNAL_BUFFERS=forbid`, to test programs for runtimes that forbid such views.
 */
export const viewsForbidden = process.env.BUSBAR_EXTERNAL_BUFFERS === 'forbid';
