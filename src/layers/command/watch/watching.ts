// What the commands that see messages have in common: an observer for the members and types that
// were asked for, and what is known of the types.
import type { Observer } from '../../../index.js';
import { conditionOf } from '../bus/condition.js';
import { look } from '../bus/look.js';
import type { ChosenBus } from '../bus/which-bus.js';
import { numberOf, type OptionValues, type Output, textsOf, UsageError } from '../usage.js';
import { chosenTypes } from './chosen-types.js';
import { Descriptions } from './descriptions.js';
import { KnownTypes } from './known-types.js';

/** Bytes of each payload, unless --bytes says otherwise. */
const defaultBytes = 4096;
const mostBytes = 48 * 1024;

/** An observer, and the types of what it sees. The caller closes the observer. */
export interface Watching {
  readonly observer: Observer;
  readonly types: KnownTypes;
  readonly servers: Descriptions;
}

/** Joins as an observer, as `selector` and the options --type, --bytes and --no-describe say. */
export async function watching(
  bus: ChosenBus,
  selector: string | undefined,
  options: OptionValues,
  output: Output,
): Promise<Watching> {
  const payloadBytes = bytesOf(options);
  const types = new KnownTypes();
  const servers = new Descriptions(bus, types, options['no-describe'] !== true);
  const ids = await chosenTypes(textsOf(options, 'type'), types, () => servers.learn(output));
  const observer = await look(bus, output, {
    payloadBytes,
    ...(selector !== undefined && { match: conditionOf(selector).text }),
    ...(ids.length > 0 && { types: ids }),
  });
  return { observer, types, servers };
}

function bytesOf(options: OptionValues): number {
  const bytes = numberOf(options, 'bytes') ?? defaultBytes;
  if (Number.isInteger(bytes) && bytes <= mostBytes) return bytes;
  throw new UsageError(`--bytes is ${bytes}; expected a whole number of at most ${mostBytes}`);
}
