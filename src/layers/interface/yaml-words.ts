// Words that YAML 1.1 takes for something other than text, and YAML 1.2 does not, or the other way
// round. We write them with quotes and read them only with quotes.

const words = /^(?:yes|no|on|off|true|false|null|~)$/i;

/** Whether some reader of YAML takes a plain word for a truth value or for nothing. */
export function isAmbiguous(word: string): boolean {
  return words.test(word);
}
