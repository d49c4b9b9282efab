// What a bus of many members costs: joining it, a message to all of them for the first time and
// again, a new controller, and memory. The members are endpoints of a few processes.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadBusbar } from '../harness/busbar.mjs';
import { startProgram } from '../harness/program.mjs';
import { bytesText, timeText } from '../harness/sizes.mjs';
import { median } from '../harness/statistics.mjs';
import { listTable } from '../harness/table.mjs';

const COUNTS = [250, 1000];
const QUICK_COUNTS = [250];
/** Endpoints of one process: with their links they have some 8,000 descriptors. */
const PER_PROCESS = 500;
const JOINS = 20;
const SENDS = 5;
const CROWD = fileURLToPath(new URL('../harness/crowd.mjs', import.meta.url));
const JOINER = fileURLToPath(new URL('../harness/joiner.mjs', import.meta.url));

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'A bus of many members',
  rounds: 1,
  plan: ({ quick }) =>
    (quick ? QUICK_COUNTS : COUNTS).map((members) => ({ peer: 'busbar', params: { members } })),

  async run({ bus, params: { members }, deadline }) {
    const { join, multicast } = await loadBusbar();
    const programs = [];
    const start = (...args) => {
      const program = startProgram([process.execPath, ...args], deadline);
      programs.push(program);
      return program;
    };
    try {
      const controller = start(JOINER, 'controller', bus);
      await controller.control.next();
      const heir = await join(bus, { label: 'heir' });
      const crowds = [];
      for (let left = members; left > 0; left -= PER_PROCESS) {
        crowds.push(start(CROWD, bus, String(Math.min(left, PER_PROCESS))));
        await crowds.at(-1).control.next();
      }
      const kilobytes = () =>
        crowds.reduce((sum, { pid }) => sum + proportionalKilobytes(pid), 0) / members;
      /** Milliseconds since `began` at which the last of the crowd has heard it. */
      const all = async (began) => {
        const told = await Promise.all(crowds.map(({ control }) => control.next()));
        return (Math.max(...told.map(({ at }) => at)) - began) / 1e6;
      };
      const now = () => Number(process.hrtime.bigint());

      const joins = [];
      for (let i = 0; i < JOINS; i++) {
        const began = performance.now();
        const endpoint = await join(bus, { controllerAffinity: false });
        joins.push(performance.now() - began);
        await endpoint.close();
      }
      const before = kilobytes();
      const sends = [];
      for (let i = 0; i <= SENDS; i++) {
        const began = now();
        heir.send(multicast('crowd'), i);
        sends.push(await all(began));
      }
      const after = kilobytes();
      const began = now();
      await controller.stop();
      const takeover = await all(began);
      await heir.close({ linger: 0 });
      return {
        join: median(joins) * 1000,
        first: sends[0] * 1000,
        later: median(sends.slice(1)) * 1000,
        takeover: takeover * 1000,
        bytes: before * 1024,
        linkBytes: (after - before) * 1024,
      };
    } catch (error) {
      throw await programs.at(-1).explain(error);
    } finally {
      await Promise.all(programs.map((program) => program.stop()));
    }
  },

  tables: (cells) =>
    cells.map((cell) =>
      listTable(`${trial.title}: ${cell.params.members}`, [cell], {
        join: ({ join }) => timeText(join),
        'to all, first': ({ first }) => timeText(first),
        'to all, later': ({ later }) => timeText(later),
        'new controller, at all': ({ takeover }) => timeText(takeover),
        'a member': ({ bytes }) => bytesText(bytes),
        'a link': ({ linkBytes }) => bytesText(linkBytes),
      }),
    ),
};

/** Memory of a process, with its share of what it shares with others. */
function proportionalKilobytes(pid) {
  return Number(/^Pss:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);
}
