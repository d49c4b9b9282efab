// The command `journal`: what is in a folder, whether it is whole, and its entries as lines or as a
// file for viewers.
import {
  entryToJson,
  exportMcap,
  type JournalReadOptions,
  openJournalReader,
  type SegmentReport,
  verifyJournal,
} from '../../journal/index.js';
import { exitCode } from '../failure.js';
import { didYouMean } from '../nearest.js';
import { formOf, printRows } from '../table.js';
import { clean } from '../text.js';
import {
  numberOf,
  type OptionValues,
  type Output,
  type Run,
  textOf,
  UsageError,
} from '../usage.js';
import { placeOf } from './place.js';

type Action = (folder: string, options: OptionValues, output: Output) => Promise<number>;

const actions: Readonly<Record<string, Action>> = { ls, verify, export: exported, tail };

/** Does what its first argument says. */
export const journal: Run = async ([name = '', folder = ''], options, output) => {
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action !== undefined) return action(folder, options, output);
  const names = Object.keys(actions);
  const guess = didYouMean(name, names);
  throw new UsageError(
    `journal cannot '${name}'${guess === '' ? `; it can ${names.join(', ')}` : guess}`,
  );
};

const segmentColumns = [
  { title: 'FILE', text: ({ name }: SegmentReport) => name },
  ...(['first', 'next', 'entries', 'bytes'] as const).map((name) => ({
    title: name.toUpperCase(),
    text: (row: SegmentReport) => String(row[name]),
    right: true,
  })),
  { title: 'FROM', text: ({ startTime }: SegmentReport) => timeText(startTime) },
  { title: 'TO', text: ({ endTime }: SegmentReport) => timeText(endTime) },
];

function timeText(time: number): string {
  return time === 0 ? '' : new Date(time).toISOString();
}

async function ls(folder: string, options: OptionValues, output: Output): Promise<number> {
  await using log = await openJournalReader(folder);
  const { segments } = await verifyJournal(log.folder);
  printRows(output, formOf(options, output), segmentColumns, segments);
  return exitCode.ok;
}

async function verify(folder: string, options: OptionValues, output: Output): Promise<number> {
  await using log = await openJournalReader(folder);
  const report = await verifyJournal(log.folder);
  if (options.json === true) {
    output.print(JSON.stringify(report));
  } else {
    for (const { name, problems } of report.segments) {
      for (const { offset, text } of problems) output.print(clean(`${name} at ${offset}: ${text}`));
    }
    for (const { from, to } of report.gaps) output.print(`positions ${from} to ${to - 1} are gone`);
    const entries = report.segments.reduce((sum, segment) => sum + segment.entries, 0);
    output.print(`${report.intact ? 'intact' : 'damaged'}: ${entries} entries`);
  }
  return report.intact ? exitCode.ok : exitCode.failed;
}

async function exported(folder: string, options: OptionValues, output: Output): Promise<number> {
  await using log = await openJournalReader(folder);
  const reading = readingOf(options, output);
  const file = textOf(options, 'mcap');
  if (file !== undefined) {
    const entries = await exportMcap(log, file, reading);
    if (options.json === true) output.print(JSON.stringify({ file, entries }));
    else output.print(`${entries} entries in ${clean(file)}`);
    return exitCode.ok;
  }
  // Awaited here: the journal is closed when this function returns.
  return await lines(log.read(reading), options, output);
}

async function tail(folder: string, options: OptionValues, output: Output): Promise<number> {
  await using log = await openJournalReader(folder);
  const reading = readingOf(options, output);
  const last = numberOf(options, 'last', 0) ?? 10;
  const from = reading.from ?? Math.max(1, (await log.end()) - last);
  const read = log.read({ ...reading, from, follow: options['no-follow'] !== true });
  return await lines(read, options, output);
}

async function lines(
  read: ReturnType<Awaited<ReturnType<typeof openJournalReader>>['read']>,
  options: OptionValues,
  output: Output,
): Promise<number> {
  const most = numberOf(options, 'count', 1) ?? Number.POSITIVE_INFINITY;
  let shown = 0;
  for await (const entry of read) {
    output.print(JSON.stringify(entryToJson(entry)));
    if (++shown >= most) break;
  }
  if (read.missed > 0) output.complain(`busbar: ${read.missed} entries are not there any more`);
  return exitCode.ok;
}

function readingOf(options: OptionValues, output: Output): JournalReadOptions {
  const from = placeOf('from', textOf(options, 'from'));
  const to = placeOf('to', textOf(options, 'to'));
  return {
    signal: output.interrupted,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(options.skip === true ? { damaged: 'skip' as const } : {}),
  };
}
