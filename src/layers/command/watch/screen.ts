// Draws on a terminal without flicker: the alternate screen, and of each picture only the lines that
// are others than before.
import { clean, cut } from '../text.js';
import type { TerminalSize } from '../usage.js';

/** A line of a picture. */
export interface ScreenLine {
  readonly text: string;
  readonly style?: 'bold' | 'reverse' | 'dim';
}

const styles = { bold: '1', reverse: '7', dim: '2' } as const;

/** The screen of a terminal, from `open` to `close`. */
export class Screen {
  readonly #write: (text: string) => void;
  readonly #size: () => TerminalSize;
  readonly #colour: boolean;
  readonly #restore = () => this.close();
  #drawn: readonly string[] = [];
  #last: TerminalSize = { columns: 0, rows: 0 };
  #open = false;

  constructor(write: (text: string) => void, size: () => TerminalSize, colour: boolean) {
    this.#write = write;
    this.#size = size;
    this.#colour = colour;
  }

  /** Leaves the user's screen as it is, and draws on another. */
  open(): void {
    if (this.#open) return;
    this.#open = true;
    process.once('exit', this.#restore);
    // Another screen, no cursor, no new line after the last column.
    this.#write('\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J');
  }

  /** Brings the user's screen back. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    process.removeListener('exit', this.#restore);
    this.#write('\u001b[?7h\u001b[?25h\u001b[?1049l');
  }

  /** Shows lines, as many and as much of each as fit. Writes nothing if nothing has changed. */
  draw(lines: readonly ScreenLine[]): void {
    const size = this.#size();
    const { columns, rows } = size;
    const resized = columns !== this.#last.columns || rows !== this.#last.rows;
    this.#last = size;
    const next = lines.slice(0, rows).map((line) => this.#styled(line, columns));
    let out = resized ? '\u001b[2J' : '';
    const before = resized ? [] : this.#drawn;
    for (let row = 0; row < Math.max(next.length, before.length); row++) {
      const text = next[row] ?? '';
      if (text !== (before[row] ?? '')) out += `\u001b[${row + 1};1H${text}\u001b[K`;
    }
    this.#drawn = next;
    if (out !== '') this.#write(out);
  }

  #styled({ text, style }: ScreenLine, columns: number): string {
    const line = cut(clean(text), columns);
    if (style === undefined || !this.#colour) return line;
    // A bar goes to the right edge.
    const full = style === 'reverse' ? line.padEnd(columns) : line;
    return `\u001b[${styles[style]}m${full}\u001b[0m`;
  }
}
