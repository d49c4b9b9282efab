// Guesses for misspelt names: of commands, options, members, labels.

/** The fewest letters to insert, remove or replace to make `b` of `a`. */
export function distance(a: string, b: string): number {
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

/** The known names that are nearly `name`, the nearest first, at most three. */
export function nearest(name: string, known: Iterable<string>): readonly string[] {
  const wanted = name.toLowerCase();
  const found: { readonly name: string; readonly distance: number }[] = [];
  for (const each of known) {
    const other = each.toLowerCase();
    const most = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3));
    if (Math.abs(wanted.length - other.length) > most) continue;
    const steps = distance(wanted, other);
    if (steps <= most) found.push({ name: each, distance: steps });
  }
  return found
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map((each) => each.name);
}

/** `; did you mean 'x'?`, or nothing. */
export function didYouMean(name: string, known: Iterable<string>, prefix = ''): string {
  const [guess] = nearest(name, known);
  return guess === undefined ? '' : `; did you mean '${prefix}${guess}'?`;
}
