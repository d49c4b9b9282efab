// Guesses for misspelt names: of commands, options, members, labels.

import { editDistance } from '../../base/misspelt.js';

/** The known names that are nearly `name`, the nearest first, at most three. */
export function nearest(name: string, known: Iterable<string>): readonly string[] {
  const wanted = name.toLowerCase();
  const found: { readonly name: string; readonly distance: number }[] = [];
  for (const each of known) {
    const other = each.toLowerCase();
    const most = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3));
    if (Math.abs(wanted.length - other.length) > most) continue;
    const steps = editDistance(wanted, other);
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
