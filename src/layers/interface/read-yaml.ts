// Reads an interface from YAML. Every refusal has its line and column; what readers of YAML take
// differently, or what can grow without bound, is refused.
import type { Document, LineCounter, Node, Pair, Scalar } from 'yaml';
import { InterfaceFileError, InvalidInterfaceError, MissingPackageError } from './errors.js';
import type { Interface } from './interface.js';
import { ModelError, type Place } from './model-place.js';
import { interfaceOf } from './read-model.js';
import { isAmbiguous } from './yaml-words.js';

/** Options of {@link parseYaml}. */
export interface ParseOptions {
  /** The name of the file, for the texts of errors. */
  readonly file?: string | undefined;
}

type Library = typeof import('yaml');

/** Characters; ten times what an interface of 1,024 members has. */
const maxText = 2 ** 20;
/** A file nested deeper than this describes no interface. */
const maxNesting = 64;

/**
 * Reads an interface from its YAML form. Needs the package `yaml`, which is loaded at the first
 * call.
 * @throws InterfaceFileError if the text is no YAML or no interface, with line and column;
 * MissingPackageError without `yaml`.
 */
export async function parseYaml(text: string, options: ParseOptions = {}): Promise<Interface> {
  const { file } = options;
  if (text.length > maxText) {
    throw new InterfaceFileError(
      { file, line: 1, column: 1 },
      `the file has ${text.length} characters; the limit is ${maxText}`,
    );
  }
  return new Reader(await loadYaml(), text, file).read();
}

/** The package `yaml`. @throws MissingPackageError if it is not installed. */
export async function loadYaml(): Promise<Library> {
  try {
    return await import('yaml');
  } catch (error) {
    throw new MissingPackageError('yaml', 'reading YAML', { cause: error });
  }
}

/** The nesting of brackets and of indentation, an upper bound of that of the values. */
function nestingOf(text: string): number {
  let [open, deepest] = [0, 0];
  for (const character of text) {
    if (character === '{' || character === '[') open += 1;
    else if (character === '}' || character === ']') open -= 1;
    deepest = Math.max(deepest, open);
  }
  const columns = new Set(text.match(/^[ \t?-]*/gm)?.map((space) => space.length));
  // A line such as '- - - -' opens one value for each dash.
  const dashes = text.match(/^[ ]*(?:[-?] +)+/gm)?.map((start) => start.length / 2) ?? [];
  return deepest + columns.size + Math.max(0, ...dashes);
}

/** One text that is being read. */
class Reader {
  readonly #yaml: Library;
  readonly #text: string;
  readonly #file: string | undefined;
  readonly #lines: LineCounter;

  constructor(yaml: Library, text: string, file: string | undefined) {
    this.#yaml = yaml;
    this.#text = text;
    this.#file = file;
    this.#lines = new yaml.LineCounter();
  }

  read(): Interface {
    // Before the library, which recurses.
    if (nestingOf(this.#text) > maxNesting) this.#refuse(0, 'the file is nested too deep');
    const document = this.#yaml.parseDocument(this.#text, {
      version: '1.2',
      schema: 'core',
      uniqueKeys: true,
      stringKeys: false,
      lineCounter: this.#lines,
      prettyErrors: false,
    });
    const [error] = [...document.errors, ...document.warnings];
    if (error !== undefined) this.#refuse(error.pos[0], explained(error));
    this.#check(document);
    try {
      return interfaceOf(document.toJS({ maxAliasCount: 0 }));
    } catch (thrown) {
      if (!(thrown instanceof InvalidInterfaceError)) throw thrown;
      const found = thrown instanceof ModelError ? this.#find(document, thrown) : undefined;
      return this.#refuse(found ?? 0, thrown.message, thrown);
    }
  }

  #refuse(offset: number, problem: string, cause?: unknown): never {
    const { line, col } = this.#lines.linePos(offset);
    throw new InterfaceFileError(
      { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) },
      problem,
      cause === undefined ? undefined : { cause },
    );
  }

  /** Refuses anchors, tags, and words that another reader would take for something else. */
  #check(document: Document): void {
    const { visit, isScalar } = this.#yaml;
    visit(document, {
      Alias: (_, node) => this.#refuse(offsetOf(node), 'an alias is not allowed here'),
      Node: (_, node) => {
        const { anchor, tag } = node as { readonly anchor?: string; readonly tag?: string };
        if (anchor !== undefined) this.#refuse(offsetOf(node), 'an anchor is not allowed here');
        if (tag !== undefined) this.#refuse(offsetOf(node), `the tag ${tag} is not allowed here`);
      },
      Pair: (_, { key }) => {
        if (!isScalar(key)) this.#refuse(offsetOf(key as Node), 'a key must be a word');
        this.#checkKey(key as Scalar);
      },
      Scalar: (_, node) => this.#checkWord(node),
    });
  }

  #checkKey(key: Scalar): void {
    if (typeof key.value === 'string') return;
    const { source = String(key.value) } = key;
    this.#refuse(offsetOf(key), `the key ${source} is no text; write '${source}' with quotes`);
  }

  #checkWord(node: Scalar): void {
    if (node.type !== 'PLAIN' || typeof node.value !== 'string') return;
    if (isAmbiguous(node.value)) {
      this.#refuse(
        offsetOf(node),
        `${node.value} is a truth value to some readers of YAML; write '${node.value}' with quotes`,
      );
    }
  }

  /** Where the part with this place is, or the innermost one around it that is in the text. */
  #find(document: Document, { place, atKey }: ModelError): number | undefined {
    let node = document.contents as Node | null;
    let found = node === null ? undefined : offsetOf(node);
    for (const [index, step] of place.entries()) {
      const inner = this.#step(node, step);
      if (inner === undefined) return found;
      const isLast = index === place.length - 1;
      // What is missing stands nowhere; its key does.
      const at = (isLast && atKey) || inner.value === null ? inner.key : inner.value;
      found = at === null ? found : offsetOf(at);
      node = inner.value;
    }
    return found;
  }

  #step(
    node: Node | null,
    step: Place[number],
  ): { key: Node | null; value: Node | null } | undefined {
    const { isMap, isSeq, isScalar } = this.#yaml;
    if (isSeq(node)) return { key: null, value: node.items[Number(step)] as Node };
    if (!isMap(node)) return undefined;
    const pair = (node.items as Pair[]).find(({ key }) => isScalar(key) && key.value === step);
    return pair && { key: pair.key as Node, value: pair.value as Node | null };
  }
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

/** The text of an error of the library, on one line. */
function explained({ code, message }: { readonly code: string; readonly message: string }): string {
  if (code === 'DUPLICATE_KEY') return 'the key is there twice';
  if (code === 'MULTIPLE_DOCS') return 'the file has more than one document';
  const [line = ''] = message.split('\n');
  return `not YAML: ${line.charAt(0).toLowerCase()}${line.slice(1)}`;
}
