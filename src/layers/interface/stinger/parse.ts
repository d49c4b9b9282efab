// Reads an interface from a file of Stinger.
import { InvalidInterfaceError, pathText } from '../errors.js';
import { ModelError, type Place } from '../model-place.js';
import { interfaceOf } from '../read-model.js';
import { loadYaml, YamlFile, type YamlLibrary } from '../yaml-file.js';
import { Converter } from './convert.js';
import type { StingerDocument } from './document.js';
import { documentRule } from './document-rule.js';
import type { StingerImport, StingerOptions } from './options.js';
import { References } from './references.js';
import { isObject } from './rules.js';
import { wireOf } from './wire.js';

/** Aliases of YAML in one file. */
const maxAliasCount = 100;

/** Reads a file; see `parseStinger`. */
export async function parse(text: string, options: StingerOptions): Promise<StingerImport> {
  const yaml = await loadYaml();
  const file = new YamlFile(yaml, text, options.file);
  try {
    const references = new References((name, place) => other(yaml, name, place, options));
    const document = await references.resolve(plain(file));
    const named =
      isObject(document) && isObject(document.stingeripc) ? document.stingeripc.version : undefined;
    documentRule(named)(document, []);
    const known = document as unknown as StingerDocument;
    const converter = new Converter(known);
    const model = converter.model(options.name);
    const source = interfaceOf(model);
    const notes = converter.notes
      .map(({ place, text: note }) => ({
        ...file.placeOf(place),
        text: `${pathText(place)} ${note}`,
      }))
      .sort((a, b) => a.line - b.line || a.column - b.column);
    const wire = wireOf(known, model, (kind, each) => converter.typeName(kind, each));
    return { source, notes, wire };
  } catch (thrown) {
    if (thrown instanceof ModelError) return file.refusePart(thrown);
    if (thrown instanceof InvalidInterfaceError) return file.refuse(0, thrown.message, thrown);
    throw thrown;
  }
}

function plain(file: YamlFile): unknown {
  try {
    return file.document.toJS({ maxAliasCount });
  } catch (error) {
    return file.refuse(0, error instanceof Error ? error.message : String(error), error);
  }
}

async function other(
  yaml: YamlLibrary,
  name: string,
  place: Place,
  { read }: StingerOptions,
): Promise<unknown> {
  if (read === undefined) {
    throw new ModelError(place, `refers to '${name}'; give the option 'read' to read other files`);
  }
  let text: string;
  try {
    text = await read(name);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ModelError(place, `refers to '${name}', which cannot be read: ${why}`);
  }
  return plain(new YamlFile(yaml, text, name));
}
