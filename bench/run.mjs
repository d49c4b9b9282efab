// `npm run bench`: measures busbar and its peers in one run, each trial in fresh processes, prints
// tables, and writes JSON and the chart. `--help` lists the options.

import { comparisonTable } from './harness/comparison.mjs';
import { installDependencies } from './harness/dependencies.mjs';
import { commit, machine, machineText } from './harness/machine.mjs';
import { measure } from './harness/measure.mjs';
import { buildPrograms } from './harness/native.mjs';
import { parseOptions, USAGE } from './harness/options.mjs';
import { peerEntry } from './harness/peers.mjs';
import { progress } from './harness/progress.mjs';
import { keep } from './harness/results.mjs';
import { tableText } from './harness/table.mjs';
import { judge } from './harness/targets.mjs';
import { loadTrial } from './harness/trials.mjs';

const options = readOptions();
const say = progress(process.stderr);
const from = { date: new Date().toISOString(), commit: commit(), machine: machine() };
print(`busbar bench, commit ${from.commit}, ${machineText(from.machine)}`);
installDependencies(say);
buildPrograms(say);
if (options.against) buildPrograms(say, options.against);

const cells = [];
for (const id of options.only) {
  const measured = await measure(id, options, say);
  say('');
  const tables = options.against
    ? [comparisonTable((await loadTrial(id)).title, measured, options.against)]
    : (await loadTrial(id)).tables(measured);
  for (const table of tables) if (table) print(`\n${tableText(table)}`);
  printLeftOut(measured);
  cells.push(...measured);
}

const targets = judge(cells);
printTargets(targets.filter(({ verdict }) => verdict !== 'not measured'));
const { quick, rounds } = options;
const written = await keep(
  { version: 1, ...from, options: { quick, rounds }, cells, targets },
  options.save,
);
print(`\nMedian of ${rounds} round${rounds === 1 ? '' : 's'}. Written: ${written.join(', ')}`);
// A failing peer is reported in its table; if busbar fails, the run fails.
if (cells.some(({ peer, problem, skipped }) => peer.startsWith('busbar') && problem && !skipped))
  process.exitCode = 1;

function readOptions() {
  try {
    const parsed = parseOptions(process.argv.slice(2));
    if (!parsed.help) return parsed;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}

function print(text) {
  process.stdout.write(`${text}\n`);
}

/** Prints each reason on one line, with the peers that it applies to. */
function printLeftOut(measured) {
  const reasons = new Map();
  for (const { peer, problem } of measured) {
    if (problem)
      reasons.set(problem, (reasons.get(problem) ?? new Set()).add(peerEntry(peer).title));
  }
  for (const [reason, titles] of reasons) print(`  left out: ${[...titles].join(', ')}: ${reason}`);
}

function printTargets(verdicts) {
  if (verdicts.length === 0) return;
  const rows = verdicts.map(({ target, measured, verdict }) => [target, measured, verdict]);
  print(`\n${tableText({ title: 'Targets', header: ['', 'measured', ''], rows })}`);
}
