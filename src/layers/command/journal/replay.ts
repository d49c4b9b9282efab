// The command `replay`: the entries of a journal as messages on a bus.
import { createInterface } from 'node:readline/promises';
import { multicast, unicast } from '../../../index.js';
import {
  type JournalEntry,
  openJournalReader,
  type ReplayReport,
  replay as replayTo,
} from '../../journal/index.js';
import { conditionOf } from '../bus/condition.js';
import { checkBusExists } from '../bus/sick-bus.js';
import { chosenBus } from '../bus/which-bus.js';
import { exitCode } from '../failure.js';
import { formOf, printRows } from '../table.js';
import { numberOf, type Output, type Run, textOf, UsageError } from '../usage.js';
import { placeOf } from './place.js';

/** Sends entries until there are no more. */
export const replay: Run = async ([folder = '', selector], options, output) => {
  const bus = chosenBus(options, output);
  checkBusExists(bus.name, output);
  const speed = textOf(options, 'speed') ?? '1';
  const pace = speed === 'max' ? Number.POSITIVE_INFINITY : Number(speed);
  if (!(pace > 0)) throw new UsageError(`--speed is '${speed}'; expected a number above 0, or max`);
  const loop = numberOf(options, 'loop', 1) ?? 1;
  const from = placeOf('from', textOf(options, 'from'));
  const to = placeOf('to', textOf(options, 'to'));
  const text = selector === undefined ? undefined : conditionOf(selector).text;
  const deliverTo = text === undefined ? undefined : receivers(text, options.one === true);
  await using log = await openJournalReader(folder);
  await using steps = options.step === true ? stepper(output) : undefined;
  const report = await replayTo(
    { name: bus.name, token: bus.token, controllerAffinity: false },
    log,
    {
      speed: pace,
      loop,
      follow: options.follow === true,
      signal: output.interrupted,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(deliverTo === undefined ? {} : { deliverTo }),
      ...(steps === undefined ? {} : { step: steps.step }),
    },
  );
  printRows(output, formOf(options, output), columns, [report]);
  return exitCode.ok;
};

function receivers(text: string, one: boolean) {
  return one ? unicast(text) : multicast(text, { excludeSelf: true });
}

/** Waits for a line of standard input before each message. */
function stepper(output: Output) {
  const lines = createInterface({ input: output.input });
  const iterator = lines[Symbol.asyncIterator]();
  return {
    step: async ({ position, typeName, typeId }: JournalEntry) => {
      output.complain(`busbar: next is ${position}, ${typeName ?? typeId}; press return`);
      await iterator.next();
    },
    async [Symbol.asyncDispose]() {
      lines.close();
    },
  };
}

const columns = (['sent', 'receivers', 'unmatched', 'skipped', 'missed'] as const).map((name) => ({
  title: name.toUpperCase(),
  text: (row: ReplayReport) => String(row[name]),
  right: true,
}));
