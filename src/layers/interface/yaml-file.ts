// A text of YAML that is being read: knows where in it each part stands, and refuses with the line
// and column.
import type { Document, LineCounter, Node, Pair } from 'yaml';
import { InterfaceFileError, MissingPackageError } from './errors.js';
import type { ModelError, Place } from './model-place.js';

/** The package `yaml`. */
export type YamlLibrary = typeof import('yaml');

/** Characters; ten times what an interface of 1,024 members has. */
const maxText = 2 ** 20;
/** A file nested deeper than this describes no interface. */
const maxNesting = 64;

/** The package `yaml`. @throws MissingPackageError if it is not installed. */
export async function loadYaml(): Promise<YamlLibrary> {
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

/** One text. */
export class YamlFile {
  readonly document: Document;
  readonly #yaml: YamlLibrary;
  readonly #file: string | undefined;
  readonly #lines: LineCounter;

  /** @throws InterfaceFileError if the text is no YAML, or larger or deeper than an interface. */
  constructor(yaml: YamlLibrary, text: string, file: string | undefined) {
    this.#yaml = yaml;
    this.#file = file;
    this.#lines = new yaml.LineCounter();
    if (text.length > maxText) {
      this.refuse(0, `the file has ${text.length} characters; the limit is ${maxText}`);
    }
    // Before the library, which recurses.
    if (nestingOf(text) > maxNesting) this.refuse(0, 'the file is nested too deep');
    this.document = yaml.parseDocument(text, {
      version: '1.2',
      schema: 'core',
      uniqueKeys: true,
      stringKeys: false,
      lineCounter: this.#lines,
      prettyErrors: false,
    });
    const [error] = [...this.document.errors, ...this.document.warnings];
    if (error !== undefined) this.refuse(error.pos[0], explained(error));
  }

  /** Refuses the file. */
  refuse(offset: number, problem: string, cause?: unknown): never {
    throw new InterfaceFileError(
      { file: this.#file, ...this.#lineAt(offset) },
      problem,
      cause === undefined ? undefined : { cause },
    );
  }

  /** Refuses the part of the file that a refusal of its model is about. */
  refusePart(error: ModelError): never {
    return this.refuse(this.#offsetOf(error.place, error.atKey), error.message, error);
  }

  /** The line and column of a part, or of the innermost one around it that is in the text. */
  placeOf(place: Place): { readonly line: number; readonly column: number } {
    return this.#lineAt(this.#offsetOf(place, true));
  }

  #lineAt(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #offsetOf(place: Place, atKey: boolean): number {
    let node = this.document.contents as Node | null;
    let found = node === null ? 0 : offsetOf(node);
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
    if (isSeq(node)) {
      const value = (node.items[Number(step)] as Node | undefined) ?? null;
      return { key: value, value };
    }
    if (!isMap(node)) return undefined;
    const pair = (node.items as Pair[]).find(({ key }) => isScalar(key) && key.value === step);
    return pair && { key: pair.key as Node, value: pair.value as Node | null };
  }
}

/** Where a part of a text begins. */
export function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

/** The text of an error of the library, on one line. */
function explained({ code, message }: { readonly code: string; readonly message: string }): string {
  if (code === 'DUPLICATE_KEY') return 'the key is there twice';
  if (code === 'MULTIPLE_DOCS') return 'the file has more than one document';
  const [line = ''] = message.split('\n');
  return `not YAML: ${line.charAt(0).toLowerCase()}${line.slice(1)}`;
}
