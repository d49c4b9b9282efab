// The lines of examples: what fits stays on a line, and else each part of the outermost brackets
// gets its own.

/** Columns of the panels that examples stand in. */
const width = 56;

/** A piece of code. */
export type Piece = string | Bracketed;

/** Brackets with parts between them. */
export interface Bracketed {
  readonly open: string;
  readonly parts: readonly Part[];
  readonly close: string;
  /** What stands inside of the brackets if they are on one line: a space or nothing. */
  readonly space: '' | ' ';
}

/** A part, and what stands before it: the name of a field. */
export interface Part {
  readonly head: string;
  readonly piece: Piece;
}

/** Parts without names. */
export function bare(pieces: readonly Piece[]): Part[] {
  return pieces.map((piece) => ({ head: '', piece }));
}

/** Brackets; `space` stands inside of them if they are on one line. */
export function bracketed(
  open: string,
  parts: readonly Part[],
  close: string,
  space: '' | ' ' = '',
): Bracketed {
  return { open, parts, close, space };
}

/** On one line. */
export function flat(piece: Piece): string {
  if (typeof piece === 'string') return piece;
  const { open, parts, close, space } = piece;
  if (parts.length === 0) return open + close;
  return `${open}${space}${parts.map((part) => part.head + flat(part.piece)).join(', ')}${space}${close}`;
}

/**
 * Laid out. `before` is what stands before it on its first line, `after` what follows on its last
 * one, and `step` one level of indentation.
 */
export function laidOut(before: string, piece: Piece, after: string, step = '  '): string {
  return before + lines(piece, '', before.length, after.length, step) + after;
}

function lines(piece: Piece, indent: string, before: number, after: number, step: string): string {
  const line = flat(piece);
  if (typeof piece === 'string' || before + line.length + after <= width) return line;
  const { open, parts, close } = piece;
  const [only] = parts;
  if (only === undefined) return line;
  // Brackets of which the one part is itself in brackets share their lines.
  if (
    parts.length === 1 &&
    only.head === '' &&
    typeof only.piece !== 'string' &&
    piece.space === ''
  ) {
    return (
      open + lines(only.piece, indent, before + open.length, after + close.length, step) + close
    );
  }
  const inner = indent + step;
  const rows = parts.map(
    ({ head, piece: part }) =>
      `${inner}${head}${lines(part, inner, inner.length + head.length, 1, step)},`,
  );
  return [open, ...rows, indent + close].join('\n');
}

/** Indents every line that has something on it. */
export function indented(code: string, indent: string): string {
  return code.replace(/^(?=.)/gm, indent);
}
