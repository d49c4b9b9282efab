// The command `record`: what members send to each other, into a journal.
import { openJournal, record as recordTo } from '../../journal/index.js';
import { conditionOf } from '../bus/condition.js';
import { checkBusExists } from '../bus/sick-bus.js';
import { chosenBus } from '../bus/which-bus.js';
import { exitCode } from '../failure.js';
import { formOf, printRows } from '../table.js';
import { numberOf, type Run, textOf, textsOf, UsageError } from '../usage.js';

/** Records until it is interrupted, or for some seconds. */
export const record: Run = async ([folder = '', selector], options, output) => {
  const bus = chosenBus(options, output);
  checkBusExists(bus.name, output);
  const seconds = numberOf(options, 'seconds', 0);
  const durability = textOf(options, 'durability') ?? 'os';
  if (durability !== 'os' && durability !== 'disk') {
    throw new UsageError(`--durability is '${durability}'; expected os or disk`);
  }
  const match = selector === undefined ? undefined : conditionOf(selector).text;
  const types = textsOf(options, 'type');
  const stop = new AbortController();
  output.interrupted.addEventListener('abort', () => stop.abort());
  const timer =
    seconds === undefined ? undefined : setTimeout(() => stop.abort(), Math.max(1, seconds * 1000));
  await using log = await openJournal(folder, { durability });
  const from = log.next;
  try {
    const recording = await recordTo(
      bus,
      {
        ...(match === undefined ? {} : { match }),
        ...(types.length === 0 ? {} : { types }),
        signal: stop.signal,
      },
      log,
    );
    output.complain(`busbar: recording '${bus.name}' into ${folder}`);
    await recording.done;
    const { recorded, lost, tooLarge } = recording;
    printRows(output, formOf(options, output), columns, [
      { recorded, lost, tooLarge, from, next: log.next },
    ]);
    if (lost + tooLarge > 0) {
      output.complain(
        `busbar: ${lost} messages were lost, ${tooLarge} were too large; narrow it down`,
      );
    }
  } finally {
    clearTimeout(timer);
  }
  return exitCode.ok;
};

interface Row {
  readonly recorded: number;
  readonly lost: number;
  readonly tooLarge: number;
  readonly from: number;
  readonly next: number;
}

const columns = (['recorded', 'lost', 'tooLarge', 'from', 'next'] as const).map((name) => ({
  title: name === 'tooLarge' ? 'TOO LARGE' : name.toUpperCase(),
  text: (row: Row) => String(row[name]),
  right: true,
}));
