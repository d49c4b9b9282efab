// Follows what starts and imports the files of scripts/: in package.json, in the configuration of
// tools, and in the scripts themselves.
import { posix } from 'node:path';

/** The text without the comments that fill a line: a comment that names a script does not use it. */
const codeOf = (text: string) => text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');

/** The paths, from the project's root, that a file names: of modules, of scripts and of folders. */
function namedIn(path: string, text: string): string[] {
  const code = codeOf(text);
  const imported = [...code.matchAll(/\b(?:from|import) '(\.[^']+)'/g)].map(([, target = '']) =>
    posix.join(posix.dirname(path), target),
  );
  return [...imported, ...[...code.matchAll(/\bscripts\/[\w./+-]+/g)].map(([named]) => named)];
}

/**
 * Those of `scripts` that nothing reaches from `roots`. `textOf` returns the text of the file at a
 * path; naming a folder uses every file below it.
 */
export function unusedScripts(
  scripts: readonly string[],
  roots: readonly string[],
  textOf: (path: string) => string,
): string[] {
  const unused = new Set(scripts);
  const waiting = [...roots];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const named of namedIn(path, textOf(path))) {
      for (const script of unused) {
        if (script !== named && !script.startsWith(`${named}/`)) continue;
        unused.delete(script);
        waiting.push(script);
      }
    }
  }
  return [...unused];
}
