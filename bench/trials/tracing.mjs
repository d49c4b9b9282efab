// Tracing: what it costs a call whether or not somebody listens. Figures are for one side of a call,
// which is one span.

import { fileURLToPath } from 'node:url';
import { withProgram } from '../harness/program.mjs';
import { listTable } from '../harness/table.mjs';

const PROGRAM = fileURLToPath(new URL('../harness/tracing.mjs', import.meta.url));

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Tracing',

  plan: () => [{ peer: 'busbar', params: { kind: 'overhead' } }],

  async run(job) {
    const command = [process.execPath, PROGRAM, JSON.stringify(job)];
    return withProgram(command, job.deadline, (control) => control.next());
  },

  tables(measured) {
    const nanoseconds =
      (name, digits = 0) =>
      (figures) =>
        `${figures[name].toFixed(digits)} ns`;
    return [
      listTable('Tracing, one side of a call, client and server in one thread', measured, {
        'nobody subscribed: to ask whether anybody has': nanoseconds('askNs', 1),
        'a call, both sides, nobody subscribed': nanoseconds('callNs'),
        'an empty subscriber, in addition': nanoseconds('subscribedNs'),
        'OpenTelemetry, in a trace that is sampled out already': nanoseconds('leftOutNs'),
        'OpenTelemetry, sampled out here, in addition': nanoseconds('sampledOutNs'),
        'of it the SDK alone': nanoseconds('sampledOutSdkNs'),
        'OpenTelemetry recorded, in addition': nanoseconds('recordedNs'),
        'of it the SDK alone, recorded': nanoseconds('recordedSdkNs'),
      }),
    ];
  },
};
