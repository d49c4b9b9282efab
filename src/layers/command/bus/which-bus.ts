// Which bus a command is about, and its token. A token is never an argument: those are seen by ps.
import { readFileSync } from 'node:fs';
import { exitCode, Failure } from '../failure.js';
import {
  busesIn,
  holdersOfAll,
  knowsNames,
  type NamedBus,
  runtimeDirectory,
} from '../system/bus-names.js';
import { type OptionValues, type Output, textOf, UsageError } from '../usage.js';

/** A bus that was chosen. */
export interface ChosenBus {
  readonly name: string;
  /** Empty for none. */
  readonly token: string;
}

/** The bus of --bus or BUSBAR_BUS, or the only one that this user has. */
export function chosenBus(options: OptionValues, output: Output): ChosenBus {
  const token = tokenOf(options, output);
  const given = givenBus(options, output);
  if (given !== undefined) return { name: given, token };
  if (!knowsNames) throw new UsageError('say which bus, by --bus NAME or BUSBAR_BUS');
  const buses = liveBuses(output);
  const [only] = buses;
  if (only === undefined) {
    throw new Failure(
      exitCode.nobody,
      'this user has no bus; start a program that joins one, or name one with --bus',
    );
  }
  if (buses.length > 1) {
    const names = buses.map(({ name, shown }) => name ?? `${shown}…`).join(', ');
    throw new UsageError(`say which bus, by --bus NAME or BUSBAR_BUS: ${names}`);
  }
  if (only.name === undefined) {
    throw new UsageError(
      `the name of the only bus, ${only.shown}…, is cut; say it with --bus NAME`,
    );
  }
  return { name: only.name, token };
}

/** The bus of --bus or BUSBAR_BUS. */
export function givenBus(options: OptionValues, output: Output): string | undefined {
  const given = textOf(options, 'bus') ?? output.env.BUSBAR_BUS;
  return given === '' ? undefined : given;
}

/** The buses of this user that some process holds. */
export function liveBuses(output: Output): readonly NamedBus[] {
  const { path } = runtimeDirectory(output.env).names;
  const all = busesIn(path);
  const held = holdersOfAll(all.map(({ base }) => base));
  const isHere = ({ directory }: { readonly directory: string }) => directory === path;
  return all.filter(({ base }) => held.get(base)?.some(isHere));
}

/** The token of --token-file or BUSBAR_TOKEN; empty for none. */
export function tokenOf(options: OptionValues, output: Output): string {
  const file = textOf(options, 'token-file');
  if (file === undefined) return output.env.BUSBAR_TOKEN ?? '';
  return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
}
