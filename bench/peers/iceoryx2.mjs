// The Rust crate iceoryx2, through the program in ../iceoryx2, which has both ends.

import { crateMissing, crateProgram } from '../harness/native.mjs';
import { withProgram } from '../harness/program.mjs';

/** @param {'rate' | 'trip'} variant */
export function peer(variant) {
  return {
    missing: () => crateMissing('iceoryx2'),

    run(job) {
      const command = [crateProgram('iceoryx2'), variant, job.bus, String(job.milliseconds)];
      return withProgram(command, job.deadline, (control) => control.next());
    },
  };
}
