// Join time: 200 processes are ready, then join one bus one after the other while the earlier ones
// stay. Only the join call is timed. One more process has joined before them and is the controller.

import { fileURLToPath } from 'node:url';
import { crateProgram } from '../harness/native.mjs';
import { startProgram } from '../harness/program.mjs';
import { timeText } from '../harness/sizes.mjs';
import { summarise } from '../harness/statistics.mjs';
import { listTable } from '../harness/table.mjs';

const MEMBERS = 200;
const QUICK_MEMBERS = 50;
/** Processes that are started at a time: more would only wait for a core. */
const STARTING_AT_ONCE = 4;
const JOINER = fileURLToPath(new URL('../harness/joiner.mjs', import.meta.url));

/**
 * The command of a process that prints a line when it is ready (`controller`: when it has joined),
 * joins when it reads a line (`join`), prints the microseconds, and stays until its input ends.
 * @type {Record<string, (role: 'controller' | 'join', bus: string) => string[]>}
 */
const COMMANDS = {
  busbar: (role, bus) => [process.execPath, JOINER, role, bus],
  ipmb: (role, bus) => [crateProgram('ipmb'), role, bus],
};

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Join, one process after the other, all earlier ones staying',
  rounds: 1, // each join is a sample
  plan: ({ quick }) =>
    Object.keys(COMMANDS).map((peer) => ({
      peer,
      params: { members: quick ? QUICK_MEMBERS : MEMBERS },
    })),

  async run(job) {
    const programs = [];
    try {
      await start('controller');
      while (programs.length <= job.params.members) {
        const missing = job.params.members + 1 - programs.length;
        await Promise.all(
          Array.from({ length: Math.min(STARTING_AT_ONCE, missing) }, () => start('join')),
        );
      }
      const samples = [];
      for (const { control } of programs.slice(1)) {
        control.send({ join: true });
        samples.push((await control.next()).microseconds);
      }
      return summarise(samples);
    } catch (error) {
      throw await programs.at(-1).explain(error);
    } finally {
      await Promise.all(programs.map((program) => program.stop()));
    }

    async function start(role) {
      const program = startProgram(COMMANDS[job.peer](role, job.bus), job.deadline);
      programs.push(program);
      await program.control.next();
    }
  },

  tables: (cells) => [
    listTable(`${trial.title} (${cells[0]?.params.members} processes)`, cells, {
      p50: ({ p50 }) => timeText(p50),
      p99: ({ p99 }) => timeText(p99),
      'p99.9': ({ p999 }) => timeText(p999),
    }),
  ],
};
