// A C++ program of ../native, compiled by harness/native.mjs; both sides are in the program.
// The variant is its name. `<program> <bytes> <milliseconds>` prints the figures as one JSON line.

import { programMissing, programPath } from '../harness/native.mjs';
import { withProgram } from '../harness/program.mjs';

/** @param {string} variant */
export function peer(variant) {
  return {
    missing: () => programMissing(variant),

    run(job) {
      const command = [programPath(variant), String(job.params.size), String(job.milliseconds)];
      return withProgram(command, job.deadline, (control) => control.next());
    },
  };
}
