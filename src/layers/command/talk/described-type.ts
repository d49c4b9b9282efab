// The payload of a message whose type a server describes, checked by the description.
import { memberTypeName, shapesOf } from '../../interface/entry-values.js';
import { look } from '../bus/look.js';
import { oneOfEach, servedNames } from '../bus/served-names.js';
import { describeServers } from '../bus/servers.js';
import type { ChosenBus } from '../bus/which-bus.js';
import type { Output } from '../usage.js';
import { checkedArguments, fieldsOf } from '../values/arguments.js';
import { describeTime } from './target.js';

/**
 * What is to be sent; `undefined` if nobody describes the type.
 * @throws UsageError if the words do not fit the description.
 */
export async function describedValue(
  bus: ChosenBus,
  typeName: string,
  words: readonly string[],
  output: Output,
): Promise<unknown> {
  const known = await describedType(bus, typeName, output);
  return known?.shape.encode(checkedArguments(words, known.shape, known.fields));
}

/** The description of a type by a server that has it; `undefined` if nobody describes it. */
async function describedType(bus: ChosenBus, typeName: string, output: Output) {
  const [, name, major, member = ''] = /^(.+)\/(\d+)\.(\w+)$/.exec(typeName) ?? [];
  if (name === undefined) return undefined;
  await using observer = await look(bus, output);
  const servers = observer.peers.filter(({ label }) =>
    servedNames(label).some((each) => each.name === name && each.major === Number(major)),
  );
  const answers = await describeServers(bus, oneOfEach(servers), describeTime);
  for (const source of answers.flatMap(({ interfaces }) => interfaces)) {
    const given = source.methods[member]?.args ?? source.signals[member];
    const shapes = shapesOf(source);
    const shape = shapes.methods.get(member)?.args ?? shapes.signals.get(member);
    if (given === undefined || shape === undefined) continue;
    if (memberTypeName(source, member) !== typeName) continue;
    return { shape, fields: fieldsOf(given) };
  }
  return undefined;
}
