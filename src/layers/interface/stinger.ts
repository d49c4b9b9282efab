// Interfaces of Stinger, a generator of code for MQTT, whose files many programs have. Its reader is
// loaded at the first call.
import type { StingerImport, StingerOptions } from './stinger/options.js';

export type { StingerImport, StingerNote, StingerOptions } from './stinger/options.js';
export type {
  StingerEnum,
  StingerField,
  StingerList,
  StingerMember,
  StingerScalar,
  StingerStruct,
  StingerValue,
  StingerWire,
} from './stinger/wire.js';

/**
 * Reads an interface from a file of Stinger (`*.stinger.yaml`), of the versions 0.0.7 to 0.2 of its
 * form, and refuses what the schema of that form refuses. Needs the package `yaml`.
 * @throws InterfaceFileError with line and column; MissingPackageError without `yaml`.
 */
export async function parseStinger(
  text: string,
  options: StingerOptions = {},
): Promise<StingerImport> {
  const { parse } = await import('./stinger/parse.js');
  return parse(text, options);
}
