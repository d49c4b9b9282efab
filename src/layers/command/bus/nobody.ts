// Refuses a condition that nobody matches, with a guess what was meant.
import type { Peer } from '../../../index.js';
import { exitCode, Failure } from '../failure.js';
import { nearest } from '../nearest.js';
import type { Condition } from './condition.js';

/** The names of a condition that no label has, each with the label that is nearest to it. */
export function misspelt(
  condition: Condition,
  peers: readonly Pick<Peer, 'label'>[],
): readonly { readonly name: string; readonly near: string }[] {
  const labels = new Set(peers.flatMap(({ label }) => label));
  return condition.names
    .filter((name) => !labels.has(name))
    .flatMap((name) => {
      const [near] = nearest(name, labels);
      return near === undefined ? [] : [{ name, near }];
    });
}

/** Nobody matches. */
export function nobodyMatches(
  condition: Condition,
  peers: readonly Pick<Peer, 'label'>[],
  bus: string,
): Failure {
  const guesses = misspelt(condition, peers).map(({ name, near }) => `'${near}' for '${name}'`);
  const next =
    guesses.length === 0 ? 'busbar ls shows who is there' : `did you mean ${guesses.join(', ')}?`;
  return new Failure(exitCode.nobody, `nobody on '${bus}' matches ${condition.text}; ${next}`);
}
