// A C++ program of ../native, compiled by harness/native.mjs; both sides are in the program. The
// variant is its name and, after a colon, its mode: `<program> <bytes> <milliseconds> [mode]`
// prints the figures as one line of JSON.

import { programMissing, programPath } from '../harness/native.mjs';
import { withProgram } from '../harness/program.mjs';

/**
 * @param {string} variant
 * @param {string} [build] the folder of another build of busbar
 */
export function peer(variant, build) {
  const [name, ...what] = variant.split(':');
  return {
    missing: () => programMissing(name, build),

    run(job) {
      const command = [
        programPath(name, build),
        String(job.params.size),
        String(job.milliseconds),
        ...what,
      ];
      return withProgram(command, job.deadline, (control) => control.next());
    },
  };
}
