// Names of message types for the text form of frames: those of the interfaces that this process uses.
import { type Interface, memberTypeId } from '../../interface/entry-values.js';
import { answerType, describeType, membersOf, pingType, statsType } from '../../rpc/entry-port.js';

const nameById = new Map<string, string>();
for (const { id, name } of [answerType, describeType, pingType, statsType]) nameById.set(id, name);
const known = new WeakSet<Interface>();

/** Learns the names of an interface's members. */
export function learnNames(source: Interface): void {
  if (known.has(source)) return;
  known.add(source);
  const { label, byName } = membersOf(source);
  for (const { type, name } of byName.values()) nameById.set(type, `${label}.${name}`);
}

/** The name of a type; its UUID if it has none here. */
export function nameOfType(id: string): string {
  return nameById.get(id) ?? id;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const memberName = /^([\w.-]{1,200})\/(\d{1,6})\.(\w{1,200})$/;
const builtIns = new Map([describeType, pingType, statsType].map(({ id, name }) => [name, id]));

/** The UUID of a name that somebody wrote; `undefined` if it is none. */
export function typeOfName(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined;
  const own = builtIns.get(name);
  if (own !== undefined || uuid.test(name)) return own ?? name;
  const [, interfaceName, major, member] = memberName.exec(name) ?? [];
  if (interfaceName === undefined || member === undefined) return undefined;
  return memberTypeId({ name: interfaceName, major: Number(major) }, member);
}
