// Reads an interface from YAML. Every refusal has its line and column; what readers of YAML take
// differently, or what can grow without bound, is refused.
import type { Node, Scalar } from 'yaml';
import { InvalidInterfaceError } from './errors.js';
import type { Interface } from './interface.js';
import { ModelError } from './model-place.js';
import { interfaceOf } from './read-model.js';
import { loadYaml, offsetOf, YamlFile, type YamlLibrary } from './yaml-file.js';
import { isAmbiguous } from './yaml-words.js';

/** Options of {@link parseYaml}. */
export interface ParseOptions {
  /** The name of the file, for the texts of errors. */
  readonly file?: string | undefined;
}

/**
 * Reads an interface from its YAML form. Needs the package `yaml`, which is loaded at the first
 * call.
 * @throws InterfaceFileError if the text is no YAML or no interface, with line and column;
 * MissingPackageError without `yaml`.
 */
export async function parseYaml(text: string, options: ParseOptions = {}): Promise<Interface> {
  const yaml = await loadYaml();
  const file = new YamlFile(yaml, text, options.file);
  check(yaml, file);
  try {
    return interfaceOf(file.document.toJS({ maxAliasCount: 0 }));
  } catch (thrown) {
    if (thrown instanceof ModelError) return file.refusePart(thrown);
    if (thrown instanceof InvalidInterfaceError) return file.refuse(0, thrown.message, thrown);
    throw thrown;
  }
}

/** Refuses anchors, tags, and words that another reader would take for something else. */
function check({ visit, isScalar }: YamlLibrary, file: YamlFile): void {
  visit(file.document, {
    Alias: (_, node) => file.refuse(offsetOf(node), 'an alias is not allowed here'),
    Node: (_, node) => {
      const { anchor, tag } = node as { readonly anchor?: string; readonly tag?: string };
      if (anchor !== undefined) file.refuse(offsetOf(node), 'an anchor is not allowed here');
      if (tag !== undefined) file.refuse(offsetOf(node), `the tag ${tag} is not allowed here`);
    },
    Pair: (_, { key }) => {
      if (!isScalar(key)) file.refuse(offsetOf(key as Node), 'a key must be a word');
      checkKey(file, key as Scalar);
    },
    Scalar: (_, node) => checkWord(file, node),
  });
}

function checkKey(file: YamlFile, key: Scalar): void {
  if (typeof key.value === 'string') return;
  const { source = String(key.value) } = key;
  file.refuse(offsetOf(key), `the key ${source} is no text; write '${source}' with quotes`);
}

function checkWord(file: YamlFile, node: Scalar): void {
  if (node.type !== 'PLAIN' || typeof node.value !== 'string') return;
  if (isAmbiguous(node.value)) {
    file.refuse(
      offsetOf(node),
      `${node.value} is a truth value to some readers of YAML; write '${node.value}' with quotes`,
    );
  }
}
