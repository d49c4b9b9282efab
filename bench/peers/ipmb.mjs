// The Rust crate ipmb through the program in ../ipmb; member and controller are in the program.

import { ipmbMissing, ipmbProgram } from '../harness/native.mjs';
import { coreOf, onCore } from '../harness/placement.mjs';
import { withProgram } from '../harness/program.mjs';

/** Its messages (not its memory regions) travel in one datagram each; above this it resends for ever. */
const LARGEST = 64 << 10;

export function peer() {
  return {
    missing({ params }) {
      if (params.size > LARGEST && params.kind !== 'regions')
        return `ipmb cannot send more than ${LARGEST} bytes`;
      return ipmbMissing();
    },

    run(job) {
      const command = onCore(coreOf(job.params.placement, 'lead'), [
        ipmbProgram(),
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
