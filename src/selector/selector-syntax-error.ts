// The error for text that is no label expression. It shows the place.
import { type BusErrorFacts, InvalidSelectorError, nameErrors } from '../errors/index.js';

// So much of a long text is shown on either side of the place.
const shownBefore = 60;
const shownAfter = 20;

/**
 * The text given as a selector cannot be parsed. The message has three lines: what is wrong and at which
 * column, the text, and a caret below the place.
 */
export class SelectorSyntaxError extends InvalidSelectorError {
  static {
    nameErrors(SelectorSyntaxError, 'SelectorSyntaxError');
  }

  /** Where the text goes wrong, counted from 1 in characters (code points). */
  readonly column: number;
  /** The whole text. */
  readonly text: string;

  /** `index` is where `text` goes wrong, from 0 in UTF-16 code units. */
  constructor(problem: string, text: string, index: number, facts?: BusErrorFacts) {
    const before = text.slice(0, index);
    const column = [...before].length + 1;
    const start = Math.max(0, before.length - shownBefore);
    const shown = oneLine(text.slice(start, index + shownAfter));
    const caret = `${' '.repeat([...text.slice(start, index)].length)}^`;
    super(`${problem} (column ${column})\n  ${shown}\n  ${caret}`, facts);
    this.column = column;
    this.text = text;
  }
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
