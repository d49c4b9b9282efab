// Who plays in the demo. Each part becomes one endpoint: a process of its own, or a worker thread.

/**
 * @typedef {object} Part
 * @property {string} name first string of the endpoint's label
 * @property {readonly string[]} label all strings of it
 * @property {'process' | 'thread'} runsAs
 * @property {number} jobsPerSecond sent by unicast to `worker`; each answer gives one round trip
 * @property {number} [readingsPerSecond] sent by multicast to `feed`
 * @property {number} [ticksPerSecond] sent by multicast to `feed`
 * @property {boolean} [readsFile] sends the file by multicast to `copy`
 * @property {boolean} [controllerAffinity] whether it may become bus controller
 */

/** Joins first, is therefore the bus controller, and is killed in the middle of the show. */
export const victim = 'keeper';

/** @type {readonly Part[]} */
export const cast = [
  part(victim, ['feed'], { jobsPerSecond: 100, ticksPerSecond: 100 }),
  part('planner', ['feed'], { jobsPerSecond: 2000 }),
  part('worker-1', ['worker', 'feed'], { jobsPerSecond: 100 }),
  part('worker-2', ['worker', 'feed'], { jobsPerSecond: 100 }),
  part('reader', [], { jobsPerSecond: 100, readsFile: true }),
  part('mirror-1', ['copy', 'feed'], { jobsPerSecond: 100 }),
  part('mirror-2', ['copy', 'feed'], { jobsPerSecond: 100 }),
  part('sensor', [], {
    runsAs: 'thread',
    jobsPerSecond: 100,
    readingsPerSecond: 20_000,
    controllerAffinity: false,
  }),
];

/** Everybody but the victim. */
export const survivors = cast.filter(({ name }) => name !== victim);

/** The file that travels: the running Node itself. There is one on every machine, and it is about 100 MB. */
export const filePath = process.execPath;
/** Bytes of one chunk. Above a share of the ring, so it goes through shared memory by itself. */
export const chunkBytes = 64 * 1024;
/** The file is slowed down to this, so that the controller dies in the middle of it. */
export const fileSeconds = 6.5;

/** The names of the survivors that have this string in their label. */
export function survivorsLabelled(string) {
  return survivors.filter(({ label }) => label.includes(string)).map(({ name }) => name);
}

/** @returns {Part} */
function part(name, more, rest) {
  return { name, label: [name, ...more], runsAs: 'process', ...rest };
}
