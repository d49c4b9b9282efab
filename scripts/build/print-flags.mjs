// Prints lists of scripts/lib/compiler-flags.mjs on one line, for binding.gyp:
// `node scripts/build/print-flags.mjs <name of a list> ...`.
import * as flags from '../lib/compiler-flags.mjs';

const lists = new Map(Object.entries(flags));
const chosen = process.argv.slice(2).map((name) => {
  if (!lists.has(name)) throw new Error(`compiler-flags.mjs has no '${name}'`);
  return lists.get(name);
});
console.log(chosen.flat().join(' '));
