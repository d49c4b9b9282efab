// Lays out TypeScript as its formatters do, so that generated files stay as they are: what fits
// stays on a line, and else each part gets its own.

/** A piece of code. */
export type Code =
  | string
  | {
      readonly open: string;
      readonly parts: readonly Part[];
      readonly close: string;
      /** Whether it stands on several lines even if it would fit on one. */
      readonly spread: boolean;
      readonly kind: 'object' | 'array' | 'call' | 'getter';
      /** A call of a method of the result, as in `.doc('…')`. */
      readonly tail?: Tail;
    };

/** A call of a method with one argument. */
export interface Tail {
  readonly open: string;
  readonly text: string;
}

/** A part between brackets, with what stands on the lines above it. */
export interface Part {
  readonly above?: readonly string[];
  readonly head: string;
  readonly code: Code;
}

const width = 100;

const isSpread = (code: Code): boolean =>
  typeof code !== 'string' &&
  (code.spread || code.parts.some((part) => part.above !== undefined || isSpread(part.code)));

/** An object literal; spread if it has comments or one of its parts is. */
export function object(parts: readonly Part[], spread = false): Code {
  return { kind: 'object', open: '{', parts, close: '}', spread };
}

/** An array literal. */
export function array(parts: readonly Code[]): Code {
  const bare = parts.map((code) => ({ head: '', code }));
  return { kind: 'array', open: '[', parts: bare, close: ']', spread: false };
}

/** A call; `tail` is a call of a method of its result. */
export function call(callee: string, args: readonly Code[]): Code {
  const bare = args.map((code) => ({ head: '', code }));
  return { kind: 'call', open: `${callee}(`, parts: bare, close: ')', spread: false };
}

/** A getter that returns a value, as a part of an object. */
export function getter(name: string, code: Code): Part {
  const parts = [{ head: 'return ', code }];
  return {
    head: '',
    code: { kind: 'getter', open: `get ${name}() {`, parts, close: '}', spread: true },
  };
}

/** Columns of a text: what East Asian scripts write is twice as wide. */
export function columns(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let sum = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    sum += /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{Emoji_Presentation}\uff01-\uff60]/u.test(
      character,
    )
      ? 2
      : 1;
  }
  return sum;
}

function flat(code: Code): string {
  if (typeof code === 'string') return code;
  const inner = code.parts.map(({ head, code: part }) => head + flat(part)).join(', ');
  const space = code.kind === 'object' && inner !== '' ? ' ' : '';
  return `${code.open}${space}${inner}${space}${code.close}${code.tail === undefined ? '' : `${code.tail.open}${code.tail.text})`}`;
}

/**
 * The text of a piece of code. `indent` is that of its first line, `before` what stands on that line
 * already, and `after` how many characters must still fit behind it.
 */
export function layOut(code: Code, indent: string, before: number, after: number): string {
  if (typeof code === 'string') return code;
  if (!isSpread(code)) {
    const line = flat(code);
    if (before + columns(line) + after <= width) return line;
  }
  if (code.tail !== undefined) return layOutChain(code, code.tail, indent);
  return code.kind === 'call' ? layOutCall(code, indent, before, after) : spreadOut(code, indent);
}

type Bracketed = Exclude<Code, string>;

function spreadOut(code: Bracketed, indent: string): string {
  if (code.parts.length === 0) return code.open + code.close;
  const inner = `${indent}  `;
  const rows = code.parts.flatMap(({ above = [], head, code: part }) => [
    ...above.map((line) => (line === '' ? '' : inner + line)),
    `${inner}${head}${layOut(part, inner, inner.length + columns(head), 1)}${code.kind === 'getter' ? ';' : ','}`,
  ]);
  return [code.open, ...rows, indent + code.close].join('\n');
}

/** Each call of a chain gets a line of its own. */
function layOutChain({ tail: _, ...code }: Bracketed, tail: Tail, indent: string): string {
  const dot = code.open.indexOf('.');
  const inner = `${indent}  `;
  const first = { ...code, open: code.open.slice(dot) };
  const lines = [code.open.slice(0, dot), inner + layOut(first, inner, inner.length, 0)];
  return [...lines, inner + layOutTail(tail, inner)].join('\n');
}

function layOutTail({ open, text }: Tail, indent: string): string {
  const line = `${open}${text})`;
  if (indent.length + columns(line) + 1 <= width) return line;
  return `${open}\n${indent}  ${text},\n${indent})`;
}

/** The last argument may be spread alone, if it has brackets of its own. */
function layOutCall(code: Bracketed, indent: string, before: number, after: number): string {
  const last = code.parts.at(-1)?.code;
  const others = code.parts.slice(0, -1).map((part) => part.code);
  if (last !== undefined && typeof last !== 'string' && last.kind !== 'call') {
    const start = `${code.open}${others.map((other) => `${flat(other)}, `).join('')}`;
    const fits = before + columns(start) + 1 <= width;
    if (fits && !others.some(isSpread) && last.parts.length > 0) {
      return start + spreadOut(last, indent) + code.close;
    }
  }
  return after >= 0 ? spreadOut(code, indent) : flat(code);
}

const identifier = /^[A-Za-z_$][\w$]*$/;

/** A key of an object literal, with quotes only where they are needed. */
export function key(name: string): string {
  return identifier.test(name) ? `${name}: ` : `${quote(name)}: `;
}

/** A string literal, in the quotes that need fewer escapes. */
export function quote(text: string): string {
  const singles = text.split("'").length;
  const mark = singles > text.split('"').length ? '"' : "'";
  const escaped = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll(mark, `\\${mark}`)
    .replace(/[\u2028\u2029\ufeff]/g, (each) => `\\u${each.charCodeAt(0).toString(16)}`);
  return mark + escaped + mark;
}

/** A documentation as comment lines, or `undefined` if a comment would change it. */
export function comment(docs: string): string[] | undefined {
  const rows = docs.split('\n');
  const isSafe = rows.every((row) => /^(?:\S(?:.*\S)?)?$/u.test(row) && !/^[/@]/.test(row));
  const hasOdd = /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(docs.replaceAll('\n', ''));
  if (!isSafe || hasOdd || docs.includes('*/') || rows[0] === '' || rows.at(-1) === '') {
    return undefined;
  }
  if (rows.length === 1 && columns(docs) + 7 + 6 <= width) return [`/** ${docs} */`];
  return ['/**', ...rows.map((row) => (row === '' ? ' *' : ` * ${row}`)), ' */'];
}
