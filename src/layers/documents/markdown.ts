// An interface as Markdown.
import type { Interface } from '../interface/index.js';
import {
  type FieldLine,
  type MemberOutline,
  type Outline,
  outlineOf,
  type PartOutline,
  type TypeOutline,
} from './outline.js';
import { closes, fenceOf, harmless } from './prose.js';
import { type TypeWords, textOf } from './type-words.js';

/**
 * An interface as a Markdown document: every member with its arguments, result, stream and errors,
 * and every type. Documentation cannot add HTML to it. The same text for the same interface.
 * @throws InvalidInterfaceError if a schema of another library cannot describe itself.
 */
export function printMarkdown(given: Interface): string {
  return new Writer(outlineOf(given)).document();
}

class Writer {
  readonly #outline: Outline;
  /** Kinds of types by their names, which are part of their headings. */
  readonly #kinds: ReadonlyMap<string, string>;

  constructor(outline: Outline) {
    this.#outline = outline;
    this.#kinds = new Map(outline.types.map(({ name, kind }) => [name, kind]));
  }

  document(): string {
    const { name, version, doc, hash, methods, properties, signals, types } = this.#outline;
    const parts = [
      `# ${name}`,
      `Version ${version}, hash \`${hash.slice(0, 16)}\`.`,
      ...prose(doc, 1),
      ...this.#group('Methods', methods, (method) => this.#method(method)),
      ...this.#group('Properties', properties, (property) => this.#property(property)),
      ...this.#group('Signals', signals, ({ name: signal, doc: docs, args }) => [
        `### ${signal}`,
        ...prose(docs, 3),
        ...this.#part('Data', 'field', args),
      ]),
      ...this.#group('Types', types, (type) => this.#type(type)),
    ];
    return `${parts.join('\n\n')}\n`;
  }

  #group<T>(title: string, entries: readonly T[], write: (entry: T) => string[]): string[] {
    return entries.length === 0 ? [] : [`## ${title}`, ...entries.flatMap(write)];
  }

  #method(member: MemberOutline): string[] {
    const { name, doc, args, returns, stream, input, errors, isIdempotent } = member;
    return [
      `### ${name}`,
      ...prose(doc, 3),
      ...this.#part('Arguments', 'argument', args),
      ...this.#part('Input, item by item', 'field', input),
      ...this.#part('Stream, item by item', 'field', stream),
      ...this.#part('Returns', 'field', returns),
      ...errors.flatMap((error) => this.#part('Error', 'field', error, error.code)),
      ...(isIdempotent ? ['**Idempotent**: a call is sent again if its server dies.'] : []),
    ];
  }

  #property({ name, doc, returns, isWritable }: MemberOutline): string[] {
    const title = isWritable ? 'Value, read and write' : 'Value, read-only';
    return [`### ${name}`, ...prose(doc, 3), ...this.#part(title, 'field', returns)];
  }

  #type({ name, kind, doc, fields, values }: TypeOutline): string[] {
    // The kind is in the heading because a member may have the same name but for its case.
    const head = [`### ${name} (${kind})`, ...prose(doc, 3)];
    if (kind === 'enum') return [...head, values.map(code).join(', ')];
    return fields.length === 0 ? head : [...head, this.#table('field', fields)];
  }

  /** A part under its title: its type, its documentation, its fields as a table. */
  #part(title: string, column: string, part: PartOutline | undefined, name?: string): string[] {
    if (part === undefined) return [];
    const { type, fields, doc } = part;
    const named = name === undefined ? '' : ` ${code(name)}`;
    const shown = type !== undefined ? this.#words(type) : fields.length === 0 ? 'nothing' : '';
    const head = `**${title}**${named}${shown === '' ? '' : `: ${shown}`}`;
    const table = fields.length === 0 ? [] : [this.#table(column, fields)];
    return [head, ...prose(doc, 3), ...table];
  }

  #table(column: string, fields: readonly FieldLine[]): string {
    const rows = fields.map(({ name, type, isOptional, fallback, doc }) => {
      const notes = [
        ...(doc === undefined ? [] : [cell(doc)]),
        ...(fallback === undefined ? [] : [`Default: ${code(fallback)}.`]),
        ...(isOptional && fallback === undefined ? ['Optional.'] : []),
      ];
      return `| ${code(name)} | ${this.#words(type)} | ${notes.join(' ')} |`;
    });
    return [`| ${column} | type | |`, '|---|---|---|', ...rows].join('\n');
  }

  /** A type as code; one that is a struct or enum leads to it. */
  #words(type: TypeWords): string {
    const named = type.find((word) => typeof word !== 'string');
    const text = code(textOf(type));
    if (named === undefined) return text;
    return `[${text}](#${named.type.toLowerCase()}-${this.#kinds.get(named.type)})`;
  }
}

function code(text: string): string {
  const safe = harmless(text).replaceAll('\n', ' ').replaceAll('|', '\\|');
  return safe.includes('`') ? `\`\` ${safe} \`\`` : `\`${safe}\``;
}

/** A documentation on one line. */
function cell(doc: string): string {
  return withoutHtml(harmless(doc))
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|');
}

/** A documentation with its headings below those of the document, and its code closed. */
function prose(doc: string | undefined, level: number): string[] {
  if (doc === undefined) return [];
  let opening: string | undefined;
  const lines = harmless(doc)
    .trimEnd()
    .split('\n')
    .map((line) => {
      if (opening !== undefined) {
        if (closes(line, opening)) opening = undefined;
        return line;
      }
      opening = fenceOf(line);
      if (opening !== undefined) return line;
      const lowered = line.replace(/^#{1,6}(?= )/, (marks) =>
        '#'.repeat(Math.min(6, marks.length + level)),
      );
      return withoutHtml(lowered);
    });
  if (opening !== undefined) lines.push(opening);
  return [lines.join('\n')];
}

/** Text in which nothing is taken for HTML; code and links in angle brackets stay. */
function withoutHtml(text: string): string {
  return text
    .split(/(`[^`]*`|<https?:\/\/[^\s<>]*>)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll('<', '&lt;')))
    .join('');
}
