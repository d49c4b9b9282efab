// The error for text that is not a label expression. It points at the mistake.
import { nameErrors } from '../base/name-errors.js';
import { type BusErrorFacts, InvalidSelectorError } from '../errors/index.js';

// The characters of a long text that are shown before and after the mistake.
const shownBefore = 60;
const shownAfter = 20;

/**
 * The text given as a selector cannot be parsed. The message has three lines: the problem with its
 * column, the text, and a caret below the mistake.
 */
export class SelectorSyntaxError extends InvalidSelectorError {
  static {
    nameErrors(SelectorSyntaxError, 'SelectorSyntaxError');
  }

  /** The column of the mistake, counted from 1 in characters (code points). */
  readonly column: number;
  /** The whole text. */
  readonly text: string;

  /** `index` is where the mistake is in `text`, from 0 in UTF-16 code units. */
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
