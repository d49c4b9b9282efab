// Handlers: what a table costs a message over a loop with a bare `switch`, and what a middleware costs.

import { fileURLToPath } from 'node:url';
import { withProgram } from '../harness/program.mjs';
import { listTable } from '../harness/table.mjs';

const PROGRAM = fileURLToPath(new URL('../harness/handlers.mjs', import.meta.url));

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Handlers',

  plan: () => [{ peer: 'busbar', params: { kind: 'overhead' } }],

  async run(job) {
    const command = [process.execPath, PROGRAM, JSON.stringify(job)];
    return withProgram(command, job.deadline, (control) => control.next());
  },

  tables(measured) {
    const nanoseconds = (name) => (figures) => `${figures[name].toFixed(0)} ns`;
    return [
      listTable('Handlers, a struct of 4 B, sender and receiver in one thread', measured, {
        'a message with a bare switch': nanoseconds('switchNs'),
        'a table, in addition': nanoseconds('tableNs'),
        'a middleware, in addition': nanoseconds('middlewareNs'),
      }),
    ];
  },
};
