// Sources of a layer are compiled several at a time (scripts/lib/units.mjs), so names in their
// anonymous namespaces must differ. Which sources are compiled together depends on the system and
// on their number: a name that two of them define breaks a build somewhere, later.
import type { SourceFile } from './files.js';

const anonymous = /^namespace \{$(.*?)^\} {2}\/\/ namespace$/gmsu;
/** Types and constants; functions of the same name may differ in their parameters. */
const named =
  /^(?:(?:struct|class|enum class) (\w+)(?= [:{]| final)|(?:constexpr|const) [\w:<>, ]+ (k[A-Z]\w*)\b)/gmu;

/** A line for each name that two sources of a layer define, for the second one. */
export function twins(files: readonly SourceFile[]): string[] {
  const seen = new Map<string, string>();
  const wrong: string[] = [];
  for (const { path, text } of files.filter((file) => file.path.endsWith('.cc'))) {
    for (const name of namesIn(text)) {
      const key = `${path.split('/').slice(0, 2).join('/')} ${name}`;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, path);
      else if (!neverTogether(first, path)) {
        wrong.push(`${path}: ${name} is a name of ${first}, too; both may be compiled as one`);
      }
    }
  }
  return wrong;
}

function namesIn(text: string): Set<string> {
  const names = new Set<string>();
  for (const [, body = ''] of text.matchAll(anonymous)) {
    for (const [, type, constant] of body.matchAll(named)) names.add(type ?? constant ?? '');
  }
  return names;
}

/** Whether two files belong to different systems, or are programs of their own. */
function neverTogether(...paths: readonly [string, string]): boolean {
  const [one, other] = paths.map((path) => /\/(linux|windows|macos)_\w+\.cc$/u.exec(path)?.[1]);
  const apart = one !== undefined && other !== undefined && one !== other;
  return apart || paths.every((path) => /^(?:test\/fuzz|bench\/native)\//u.test(path));
}
