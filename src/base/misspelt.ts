// Guesses for misspelt names, in the texts of errors.

/** `; did you mean 'x'?`, `; known: 'x', 'y'`, or nothing if no name is known. */
export function hint(name: string, known: readonly string[]): string {
  const guess = closest(name, known);
  if (guess !== undefined) return `; did you mean '${guess}'?`;
  return known.length === 0 ? '' : `; known: ${known.map((each) => `'${each}'`).join(', ')}`;
}

/** The candidate closest to `name`, if it differs by at most a third of its letters. */
export function closest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && distance <= Math.max(1, candidate.length / 3)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * The fewest letters to insert, remove or replace to make `b` of `a`: Levenshtein's distance, one
 * row at a time. A caller's name may have any length; one that is far too long is not compared.
 */
export function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > b.length) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
