// Lays out the declarations of generated C++ as clang-format does in this project's style.
import { columns } from './code-layout.js';

const width = 100;

/** Whether a line is short enough. */
export function fits(line: string): boolean {
  return columns(line) <= width;
}

/** Lines that the formatter leaves alone, because it would break them in its own way. */
function untouched(lines: readonly string[], indent: string): readonly string[] {
  if (lines.every(fits)) return lines;
  return [`${indent}// clang-format off`, ...lines, `${indent}// clang-format on`];
}

/** A documentation as comment lines. */
export function comment(doc: string | undefined, indent: string): readonly string[] {
  if (doc === undefined) return [];
  const start = `${indent}// `;
  const lines: string[] = [];
  // A character that ends a line somewhere, or turns its direction, is a space.
  const plain = doc.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (found) =>
    found === '\n' ? '\n' : ' ',
  );
  for (const row of plain.split('\n')) {
    let line = '';
    for (const word of row.split(/\s+/).filter((each) => each !== '')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line !== '' && !fits(start + longer)) {
        lines.push(line);
        line = word;
      } else {
        line = longer;
      }
    }
    lines.push(line);
  }
  while (lines.at(-1) === '') lines.pop();
  while (lines[0] === '') lines.shift();
  // A backslash at the end would take the next line into the comment.
  const safe = lines.map((line) =>
    line.replace(/\\$/, '\\.').replace(/^clang-format (on|off)/, '"clang-format $1"'),
  );
  return untouched(
    safe.map((line) => (start + line).trimEnd()),
    indent,
  );
}

/** A member with an initializer in braces. The formatter breaks long ones where it likes. */
export function member(type: string, name: string, args: readonly string[]): readonly string[] {
  const inner = args.join(', ');
  const line = `  ${type} ${name}{${inner}};`;
  if (fits(line)) return [line];
  const lines = [`  ${type} ${name}{`, `      ${inner}};`];
  return ['  // clang-format off', ...lines, '  // clang-format on'];
}

/** A field with its first value. */
export function field(type: string, name: string, value: string): readonly string[] {
  return untouched([`  ${type} ${name}${value};`], '  ');
}

/**
 * A function that returns what it puts together: in a line, in three, or as a table that the
 * formatter would lay out in its own way.
 */
export function returning(
  indent: string,
  head: string,
  open: string,
  parts: readonly string[],
  close: string,
): readonly string[] {
  const value = `${open}${parts.join(', ')}${close}`;
  const line = `${indent}${head} { return ${value}; }`;
  if (fits(line)) return [line];
  const only = `${indent}  return ${value};`;
  if (fits(only)) return untouched([`${indent}${head} {`, only, `${indent}}`], indent);
  const start = `${indent}  return ${open}`;
  const rows: string[] = [];
  let row = start;
  for (const [at, part] of parts.entries()) {
    const next = `${part}${at + 1 < parts.length ? ',' : `${close};`}`;
    const longer = row.endsWith(open) || row.trim() === '' ? row + next : `${row} ${next}`;
    if (at > 0 && !fits(longer)) {
      rows.push(row);
      row = ' '.repeat(start.length) + next;
    } else {
      row = longer;
    }
  }
  const table = [`${indent}${head} {`, ...rows, row, `${indent}}`];
  return [`${indent}// clang-format off`, ...table, `${indent}// clang-format on`];
}

/** An enum, in a line or one value a line. */
export function enumeration(name: string, values: readonly string[]): readonly string[] {
  const line = `enum class ${name} { ${values.join(', ')} };`;
  if (fits(line)) return [line];
  const rows = values.map((value, at) => `  ${value}${at + 1 < values.length ? ',' : ''}`);
  return untouched([`enum class ${name} {`, ...rows, '};'], '');
}

/** A constructor that only calls that of its base. */
export function constructing(head: string, base: string): readonly string[] {
  const line = `  ${head} : ${base} {}`;
  return fits(line) ? [line] : untouched([`  ${head}`, `      : ${base} {}`], '  ');
}

// Compilers take no longer literals than 16 KiB.
const longestLiteral = 16_000;

/**
 * A JSON text as an array of raw strings. It is broken between its parts, where JSON has spaces, and
 * is ASCII, whatever a compiler takes the file for.
 */
export function jsonTexts(head: string, value: unknown, indent: string): readonly string[] {
  const json = JSON.stringify(value)
    .replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    // The end of a literal.
    .replaceAll(')json"', '\\u0029json"');
  const parts = json.match(/"(?:[^"\\]|\\.)*"|[{}[\],]|[^"{}[\],]+/g) ?? [];
  const lines: string[] = [];
  let line = 'R"json(';
  let bytes = 0;
  for (const [at, part] of parts.entries()) {
    const isSeparate = at > 0 && /[{[,]$/.test(line);
    if (isSeparate && bytes + part.length > longestLiteral) {
      lines.push(`${line})json",`);
      line = 'R"json(';
      bytes = 0;
    } else if (isSeparate && line.length + reach(parts, at) > width) {
      lines.push(line);
      line = '';
    }
    line += part;
    bytes += part.length + 1;
  }
  lines.push(`${line})json"};`);
  return [
    `${indent}// clang-format off`,
    `${indent}${head} = {`,
    ...lines,
    `${indent}// clang-format on`,
  ];
}

/** The characters from a part to the next one that a line may begin with. */
function reach(parts: readonly string[], from: number): number {
  let sum = 0;
  for (let at = from; at < parts.length; at++) {
    const part = parts[at] ?? '';
    sum += part.length;
    if (/[{[,]$/.test(part)) break;
  }
  return sum;
}
