// Whether views of shared memory are forbidden from the outside, as Electron does by itself.

/** `BUSBAR_EXTERNAL_BUFFERS=forbid` in the environment of the process: for tests of programs that have to run there. */
export const viewsForbidden = process.env.BUSBAR_EXTERNAL_BUFFERS === 'forbid';
