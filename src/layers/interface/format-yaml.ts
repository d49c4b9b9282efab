// Brings the YAML of an interface into the one form that we print, and keeps the comments at its
// head. Other comments would be lost, which is refused: what they say belongs into `doc`.
import { InterfaceFileError } from './errors.js';
import { printYaml } from './print-yaml.js';
import { type ParseOptions, parseYaml } from './read-yaml.js';
import { loadYaml } from './yaml-file.js';

/**
 * The same interface in the form of {@link printYaml}. Comments before the first key stay.
 * @throws InterfaceFileError if the text is no interface, or has a comment further down;
 * MissingPackageError without the package `yaml`.
 */
export async function formatYaml(text: string, options: ParseOptions = {}): Promise<string> {
  const given = await parseYaml(text, options);
  const [head] = /^(?:[ \t]*(?:#[^\n]*)?\n)*/.exec(text) ?? [''];
  const { Lexer } = await loadYaml();
  const lost = commentIn(text, head.length, new Lexer().lex(text));
  if (lost !== undefined) {
    const before = text.slice(0, lost).split('\n');
    throw new InterfaceFileError(
      {
        file: options.file,
        line: before.length,
        column: (before.at(-1)?.length ?? 0) + 1,
      },
      "formatting would lose this comment; move what it says to 'doc', or to the head of the file",
    );
  }
  const comments = head.trimEnd();
  return `${comments === '' ? '' : `${comments}\n`}${printYaml(given)}`;
}

/** Before a token that is the text of a value, and no sign of YAML. */
const beforeValue = '\u001f';

/** The offset of the first comment behind the head. */
function commentIn(text: string, head: number, tokens: Iterable<string>): number | undefined {
  let at = 0;
  let isValue = false;
  for (const token of tokens) {
    if (!isValue && token.startsWith('#') && at >= head) return at;
    isValue = token === beforeValue;
    // The signs of the lexer itself are not in the text.
    if (text.startsWith(token, at)) at += token.length;
  }
  return undefined;
}
