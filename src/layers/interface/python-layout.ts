// Lays out Python as its formatters do, so that generated files stay as they are: what fits stays on
// a line, and else each part gets its own and a comma, which formatters of every width keep.

/** A piece of code. */
export type PythonCode =
  | string
  | {
      readonly open: string;
      readonly parts: readonly PythonPart[];
      readonly close: string;
      /** Whether a comma may stand behind the last part. */
      readonly comma: boolean;
    };

/** A part between brackets; `tail` stands behind it. */
export interface PythonPart {
  readonly head?: string;
  readonly code: PythonCode;
  readonly tail?: string;
}

// Of the usual widths, the smallest: a wider formatter changes nothing.
const width = 88;

/** A call, or another list between round or square brackets. */
export function pythonCall(callee: string, parts: readonly (PythonPart | string)[]): PythonCode {
  return bracketed(`${callee}(`, parts, ')', true);
}

/** A subscript such as `dict[str, float]`. */
export function subscript(of: string, parts: readonly PythonCode[]): PythonCode {
  const list = parts.map((code) => ({ code }));
  // With a comma, one part would be a tuple.
  return bracketed(`${of}[`, list, ']', parts.length > 1);
}

/** A list or dict. */
export function pythonList(
  open: string,
  parts: readonly (PythonPart | string)[],
  close: string,
): PythonCode {
  return bracketed(open, parts, close, true);
}

function bracketed(
  open: string,
  parts: readonly (PythonPart | string)[],
  close: string,
  comma: boolean,
): PythonCode {
  const list = parts.map((part) => (typeof part === 'string' ? { code: part } : part));
  return { open, parts: list, close, comma };
}

/** A piece of code on one line. */
export function flat(code: PythonCode): string {
  if (typeof code === 'string') return code;
  const inner = code.parts.map(flatPart).join(', ');
  return `${code.open}${inner}${code.close}`;
}

function flatPart({ head = '', code, tail = '' }: PythonPart): string {
  return `${head}${flat(code)}${tail}`;
}

/**
 * A line of code: `head`, the code and `tail`. `indent` is that of the line; those that follow it
 * have more.
 */
export function pythonLine(indent: string, head: string, code: PythonCode, tail = ''): string {
  const line = `${indent}${head}${flat(code)}${tail}`;
  if (columns(line) <= width || typeof code === 'string' || code.parts.length === 0) return line;
  const inner = `${indent}    `;
  const last = code.parts.length - 1;
  const rows = code.parts.map(({ head: start = '', code: part, tail: end = '' }, index) =>
    pythonLine(inner, start, part, `${end}${code.comma || index < last ? ',' : ''}`),
  );
  return [`${indent}${head}${code.open}`, ...rows, `${indent}${code.close}${tail}`].join('\n');
}

/** Columns of a text: what East Asian scripts write is twice as wide. */
function columns(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let sum = 0;
  for (const character of text) {
    if (/\p{M}|\p{Cf}/u.test(character)) continue;
    sum += /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{Emoji_Presentation}\uff01-\uff60]/u.test(
      character,
    )
      ? 2
      : 1;
  }
  return sum;
}

/** A string literal, in the quotes that need fewer escapes. */
export function pythonString(text: string): string {
  const doubles = text.split('"').length;
  const mark = doubles > text.split("'").length ? "'" : '"';
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll(mark, `\\${mark}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, escapeOf);
  return `${mark}${escaped}${mark}`;
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}

/** A bytes literal. */
export function pythonBytes(bytes: Uint8Array): string {
  const texts = Array.from(bytes, (byte) => {
    if (byte === 0x5c) return '\\\\';
    if (byte === 0x22) return '\\"';
    return byte >= 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  const inner = texts.join('');
  // As strings: in the quotes that need fewer escapes.
  const doubles = inner.split('\\"').length;
  if (doubles <= inner.split("'").length) return `b"${inner}"`;
  return `b'${inner.replaceAll("'", "\\'").replaceAll('\\"', '"')}'`;
}

/**
 * A documentation as the lines of a docstring, or `undefined` if one would change it: formatters and
 * readers of docstrings treat white space and quotes in their own way.
 */
export function docstring(docs: string, indent: string): string[] | undefined {
  const rows = docs.split('\n');
  const isSafe = rows.every((row) => /^(?:\S(?:.*\S)?)?$/u.test(row));
  const hasOdd = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\\]|[^\S \n]/u.test(
    docs.replaceAll('\n', ''),
  );
  if (!isSafe || hasOdd || docs.includes('"""') || /^"|"$/.test(docs)) return undefined;
  if (rows[0] === '' || rows.at(-1) === '') return undefined;
  if (rows.length === 1) return [`${indent}"""${docs}"""`];
  const [first = '', ...others] = rows;
  const lines = others.map((row) => (row === '' ? '' : indent + row));
  return [`${indent}"""${first}`, ...lines, `${indent}"""`];
}
