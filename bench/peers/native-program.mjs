// A C++ program of ../native, compiled by harness/native.mjs; both sides are in the program.
// The variant is its name, and behind a colon what it is told to do: `<program> <bytes> <milliseconds> [what]` prints the
// figures as one JSON line.

import { programMissing, programPath } from '../harness/native.mjs';
import { withProgram } from '../harness/program.mjs';

/** @param {string} variant */
export function peer(variant) {
  const [name, ...what] = variant.split(':');
  return {
    missing: () => programMissing(name),

    run(job) {
      const command = [
        programPath(name),
        String(job.params.size),
        String(job.milliseconds),
        ...what,
      ];
      return withProgram(command, job.deadline, (control) => control.next());
    },
  };
}
