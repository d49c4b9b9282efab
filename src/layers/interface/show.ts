// Values in the texts of errors, and guesses for misspelt names. The bus has the same in checks.ts,
// which a layer cannot import.

/** A value as an error shows it: short, on one line, without running code of its owner. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? 'an array' : shownObject(value);
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    default:
      return String(value);
  }
}

const tagOf = Object.prototype.toString;

function shownObject(value: object): string {
  if (value instanceof Date) return 'a Date';
  if (ArrayBuffer.isView(value)) return `a ${tagOf.call(value).slice(8, -1)}`;
  return 'an object';
}

/** `; did you mean 'x'?`, `; known: 'x', 'y'`, or nothing if no name is known. */
export function hint(name: string, known: readonly string[]): string {
  const guess = known.find((each) => isNear(name.toLowerCase(), each.toLowerCase()));
  if (guess !== undefined) return `; did you mean '${guess}'?`;
  return known.length === 0 ? '' : `; known: ${known.map((each) => `'${each}'`).join(', ')}`;
}

/** Whether one name becomes the other by changing at most a third of its letters. */
function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > b.length / 3 + 1) return false;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return (row[b.length] ?? 0) <= Math.max(1, b.length / 3);
}
