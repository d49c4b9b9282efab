// Names for completion that are asked of a bus: labels, members of interfaces, types, arguments.
import {
  type AnySchema,
  type Fields,
  type Interface,
  memberTypeName,
} from '../../interface/entry-values.js';
import { look } from '../bus/look.js';
import { oneOfEach } from '../bus/served-names.js';
import { describeServers } from '../bus/servers.js';
import { chosenBus } from '../bus/which-bus.js';
import { isMeant, splitTarget } from '../talk/target.js';
import type { OptionValues, Output } from '../usage.js';
import { fieldsOf } from '../values/arguments.js';
import type { Candidate } from './candidate.js';

/** Milliseconds that servers get: a user waits for the answer with a finger on the key. */
const describeTime = 400;

/** Labels, members that can be called, or types, that begin as typed. */
export async function liveNames(
  kind: 'label' | 'member' | 'type',
  options: OptionValues,
  current: string,
  output: Output,
): Promise<readonly Candidate[]> {
  if (kind === 'label') return labels(options, current, output);
  const served = await interfaces(options, output);
  const names = kind === 'type' ? served.flatMap(typeNames) : served.flatMap(callNames(current));
  return unique(names.filter(({ word }) => word.startsWith(current)));
}

async function labels(
  options: OptionValues,
  current: string,
  output: Output,
): Promise<readonly Candidate[]> {
  await using observer = await look(chosenBus(options, output), output);
  // Of an expression, its last name is completed.
  const [, before = '', last = ''] = /^(.*[&|!(,\s])?([^&|!(,\s]*)$/s.exec(current) ?? [];
  const counts = new Map<string, number>();
  for (const { label } of observer.peers) {
    for (const text of label) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts]
    .filter(([text]) => text.startsWith(last) && /^[\w./-]+$/.test(text))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([text, count]) => ({
      word: before + text,
      help: count === 1 ? '1 member' : `${count} members`,
    }));
}

async function interfaces(options: OptionValues, output: Output): Promise<readonly Interface[]> {
  const bus = chosenBus(options, output);
  const peers = await (async () => {
    await using observer = await look(bus, output);
    return observer.peers;
  })();
  const answers = await describeServers(bus, oneOfEach(peers), describeTime);
  return answers.flatMap((answer) => answer.interfaces);
}

function typeNames(source: Interface): readonly Candidate[] {
  const { methods, properties, signals } = source;
  return [
    ...Object.keys(methods).map((name) => [name, 'method'] as const),
    ...Object.keys(properties).map((name) => [name, 'property'] as const),
    ...Object.keys(signals).map((name) => [name, 'signal'] as const),
  ].map(([name, help]) => ({ word: memberTypeName(source, name), help }));
}

/** By the short name, unless the user has begun the long one. */
function callNames(current: string): (source: Interface) => readonly Candidate[] {
  return ({ name, methods, properties }) => {
    const short = name.slice(name.lastIndexOf('.') + 1);
    const used = current.includes('.') && !current.startsWith(`${short}.`) ? name : short;
    return [
      ...Object.entries(methods).map(([member, { doc }]) => ({
        word: `${used}.${member}`,
        help: doc?.split('\n')[0] ?? `method of ${name}`,
      })),
      ...Object.entries(properties).map(([member, { doc }]) => ({
        word: `${used}.${member}`,
        help: doc?.split('\n')[0] ?? `property of ${name}`,
      })),
    ];
  };
}

/** The arguments of a method that are not there yet, or the values of one that has few. */
export async function argumentNames(
  [target = '', ...given]: readonly string[],
  options: OptionValues,
  current: string,
  output: Output,
): Promise<readonly Candidate[]> {
  const { short, member } = splitTarget(target);
  const served = await interfaces(options, output);
  const source = served.find(
    ({ name, methods }) => isMeant(short, name) && Object.hasOwn(methods, member),
  );
  const args = source?.methods[member]?.args;
  return args === undefined ? [] : fieldCandidates(fieldsOf(args), given, current);
}

/** The same for the payload of a type that is described. */
export async function fieldNames(
  [, type = '', ...given]: readonly string[],
  options: OptionValues,
  current: string,
  output: Output,
): Promise<readonly Candidate[]> {
  const [, name, major, member = ''] = /^(.+)\/(\d+)\.(\w+)$/.exec(type) ?? [];
  if (name === undefined) return [];
  const served = await interfaces(options, output);
  const source = served.find((each) => each.name === name && each.major === Number(major));
  const types = source?.methods[member]?.args ?? source?.signals[member];
  return types === undefined ? [] : fieldCandidates(fieldsOf(types), given, current);
}

function fieldCandidates(
  fields: Fields,
  given: readonly string[],
  current: string,
): readonly Candidate[] {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(current) ?? [];
  if (name !== undefined) {
    const schema = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const values = schema === undefined ? [] : valuesOf(schema);
    return values
      .filter((each) => each.startsWith(value ?? ''))
      .map((each) => ({ word: `${name}=${each}` }));
  }
  const there = new Set(given.map((word) => word.split('=')[0]));
  return Object.entries(fields)
    .filter(([field]) => field.startsWith(current) && !there.has(field))
    .map(([field, schema]) => ({ word: `${field}=`, help: kindOf(schema) }));
}

/** A schema of ours, as far as it is needed here; those of other libraries have none of these. */
interface OwnSchema {
  readonly kind?: string;
  readonly name?: string | undefined;
  readonly values?: readonly string[];
  readonly of?: AnySchema;
}

function valuesOf(schema: AnySchema): readonly string[] {
  const { kind, values, of } = schema as OwnSchema;
  if (kind === 'bool') return ['true', 'false'];
  if (kind === 'enum') return values ?? [];
  return kind === 'optional' && of !== undefined ? valuesOf(of) : [];
}

function kindOf(schema: AnySchema): string {
  const { kind = 'value', name, of } = schema as OwnSchema;
  if (kind === 'optional' && of !== undefined) return `${kindOf(of)}, may be missing`;
  return name ?? kind;
}

function unique(candidates: readonly Candidate[]): readonly Candidate[] {
  return [...new Map(candidates.map((each) => [each.word, each])).values()];
}
