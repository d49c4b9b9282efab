// The Rust crate ipmb, through the program in ../ipmb, which has both member and controller.

import { crateMissing, crateProgram } from '../harness/native.mjs';
import { coreOf, onCore } from '../harness/placement.mjs';
import { withProgram } from '../harness/program.mjs';

/** One message (not a memory region) is one datagram; above this size ipmb resends it for ever. */
const LARGEST = 64 << 10;

export function peer() {
  return {
    missing({ params }) {
      if (params.size > LARGEST && params.kind !== 'regions')
        return `ipmb cannot send more than ${LARGEST} bytes`;
      return crateMissing('ipmb');
    },

    run(job) {
      const command = onCore(coreOf(job.params.placement, 'lead'), [
        crateProgram('ipmb'),
        ...trialArguments(job),
      ]);
      return withProgram(command, job.deadline, (control) => control.next());
    },
  };
}

function trialArguments({ trial, bus, params, milliseconds }) {
  const common = [params.kind ?? trial, bus, String(params.size), String(milliseconds)];
  if (trial === 'multicast') return [...common, String(params.receivers)];
  const core = coreOf(params.placement, 'follower');
  return core === undefined ? common : [...common, String(core)];
}
