// The command `call`: calls a method, reads or sets a property. Arguments are checked by the
// interface before anything is sent.
import { createInterface } from 'node:readline';
import { type Interface, type MethodDefinition, shapesOf } from '../../interface/entry-values.js';
import { type Answer, all, type CallOptions, type ClientOf, connect } from '../../rpc/index.js';
import { spelled } from '../bus/condition.js';
import { chosenBus } from '../bus/which-bus.js';
import { exitCode, Failure } from '../failure.js';
import {
  numberOf,
  type OptionValues,
  type Output,
  type Run,
  textOf,
  UsageError,
} from '../usage.js';
import { checkedArguments, checkedValue, decoded, fieldsOf } from '../values/arguments.js';
import { Results } from './results.js';
import { checkMember, isMeant, type MemberTarget, servedTarget, splitTarget } from './target.js';

/** Milliseconds for a call with one result, unless --timeout says otherwise. */
const defaultTimeout = 5000;

type Method = (...values: unknown[]) => unknown;
type Client = ClientOf<Interface>;

/** Calls. */
export const call: Run = (args, options, output) =>
  performCall(args, options, output, new Results(options, output));

/** Calls, and tells what comes back to `results`. Returns the code that the program ends with. */
export async function performCall(
  [text = '', ...words]: readonly string[],
  options: OptionValues,
  output: Output,
  results: Results,
): Promise<number> {
  const bus = chosenBus(options, output);
  const to = textOf(options, 'to');
  const target = await targetOf(text, options, () => servedTarget(bus, text, to, output));
  const { source, member } = target;
  if (Object.hasOwn(source.signals, member)) {
    throw new UsageError(
      `${member} is a signal, which nobody calls; see it by busbar tap --type ${source.name}/${source.major}.${member}`,
    );
  }
  const act = Object.hasOwn(source.methods, member)
    ? methodCall(target, words, options, output)
    : propertyCall(target, words, options);
  const { name, token } = bus;
  const timeout = timeoutOf(options);
  const client = await connect({ name, token, controllerAffinity: false }, source, {
    ...(to !== undefined && { to: spelled(to) }),
    timeout,
  });
  try {
    return await act(client, results, { signal: output.interrupted });
  } catch (error) {
    if (output.interrupted.aborted) return exitCode.interrupted;
    const misuse = misuseIn(error);
    if (misuse !== undefined) throw misuse;
    return results.failure(error);
  } finally {
    await client.close();
  }
}

/** Input that is wrong: the call ends with it as its cause. */
function misuseIn(error: unknown): UsageError | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; depth++) {
    if (cause instanceof UsageError) return cause;
    cause = cause.cause;
  }
  return undefined;
}

async function targetOf(
  text: string,
  options: OptionValues,
  served: () => Promise<MemberTarget>,
): Promise<MemberTarget> {
  const file = textOf(options, 'interface');
  if (file === undefined) return served();
  const { short, member } = splitTarget(text);
  const { loadInterface } = await import('../load-interface.js');
  const source = await loadInterface(file);
  if (!isMeant(short, source.name)) {
    throw new UsageError(`${file} describes ${source.name}, not '${short}'`);
  }
  checkMember(source, member);
  return { source, member };
}

function timeoutOf(options: OptionValues): number {
  return numberOf(options, 'timeout', 1) ?? defaultTimeout;
}

type Act = (client: Client, results: Results, options: CallOptions) => Promise<number>;

function methodCall(
  { source, member }: MemberTarget,
  words: readonly string[],
  options: OptionValues,
  output: Output,
): Act {
  const definition = source.methods[member] as MethodDefinition;
  const shapes = shapesOf(source).methods.get(member);
  const values: unknown[] = [];
  if (definition.args !== undefined && shapes?.args !== undefined) {
    values.push(checkedArguments(words, shapes.args, fieldsOf(definition.args)));
  } else if (words.length > 0) {
    throw new UsageError(`${member} takes no arguments`);
  }
  const input = shapes?.input;
  const item = shapes?.stream;
  if (options.all === true) {
    if (input !== undefined || item !== undefined) {
      throw new UsageError(`${member} streams, so it is called at one server: without --all`);
    }
    return (client, results, rest) =>
      callAll(
        client,
        member,
        [...values, { ...rest, timeout: timeoutOf(options) }],
        results,
        shapes?.returns,
      );
  }
  return async (client, results, rest) => {
    const method = (client as unknown as Record<string, Method>)[member] as Method;
    const given = input === undefined ? values : [...values, itemsOf(output, input)];
    const returned = method(...given, rest);
    if (item === undefined) {
      results.result(await (returned as Promise<unknown>), shapes?.returns);
      return exitCode.ok;
    }
    for await (const each of returned as AsyncIterable<unknown>) results.item(each, item);
    return exitCode.ok;
  };

  async function* itemsOf(from: Output, shape: NonNullable<typeof input>) {
    for await (const line of createInterface({ input: from.input })) {
      if (line.trim() === '') continue;
      yield decoded(shape, jsonLine(line));
    }
  }
}

function jsonLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new UsageError(`the line '${line}' of standard input is no JSON`);
  }
}

async function callAll(
  client: Client,
  member: string,
  values: readonly unknown[],
  results: Results,
  shape: Parameters<Results['answer']>[1],
): Promise<number> {
  const callable = all(client) as unknown as Record<string, Method>;
  let worst: number | undefined;
  const method = callable[member] as Method;
  for await (const answer of method(...values) as AsyncIterable<Answer>) {
    worst = Math.max(worst ?? exitCode.ok, results.answer(answer, shape));
  }
  if (worst === undefined) {
    throw new Failure(
      exitCode.nobody,
      `no server of ${member} matches; busbar ls shows who is there`,
    );
  }
  return worst;
}

interface PropertyAccess {
  get(options: CallOptions): Promise<unknown>;
  set(value: unknown, options: CallOptions): Promise<number>;
  watch(options: CallOptions): AsyncIterable<{ readonly value: unknown; readonly stale: boolean }>;
}

function propertyCall(
  { source, member }: MemberTarget,
  words: readonly string[],
  options: OptionValues,
): Act {
  if (options.all === true) throw new UsageError('--all is for methods');
  const shape = shapesOf(source).properties.get(member);
  const definition = source.properties[member];
  if (shape === undefined || definition === undefined) throw new UsageError(`no '${member}'`);
  const property = (client: Client) =>
    (client as unknown as Record<string, PropertyAccess>)[member] as PropertyAccess;
  const [word] = words;
  if (word === undefined) {
    if (options.watch !== true) {
      return async (client, results, rest) => {
        results.result(await property(client).get(rest), shape);
        return exitCode.ok;
      };
    }
    return async (client, results, rest) => {
      for await (const { value, stale } of property(client).watch(rest)) {
        if (!stale) results.item(value, shape);
      }
      return exitCode.ok;
    };
  }
  if (definition.access !== 'read-write') throw new UsageError(`${member} is read-only`);
  if (words.length > 1) throw new UsageError(`${member} takes one value`);
  const text = word.startsWith('value=') ? word.slice('value='.length) : word;
  const { type } = definition;
  const value =
    '~standard' in type
      ? checkedValue('value', text, type as never)
      : decoded(shape, freeJson(text));
  return async (client, results, rest) => {
    await property(client).set(value, rest);
    results.result(null, undefined);
    return exitCode.ok;
  };
}

function freeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`'${text}' is no JSON`);
  }
}
