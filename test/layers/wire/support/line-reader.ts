// Lines of JSON that come over a socket.
import type { Socket } from 'node:net';

/** What a line has. */
export interface TextLine {
  readonly re?: number;
  readonly id?: number;
  readonly call?: string;
  readonly error?: unknown;
  readonly result?: unknown;
  readonly item?: unknown;
  readonly emit?: string;
  readonly value?: unknown;
  readonly offers?: readonly unknown[];
}

/** Reads them as they come. */
export class LineReader {
  readonly seen: TextLine[] = [];
  /** Called with each line. */
  onLine: (line: TextLine) => void = () => undefined;
  readonly #waiting = new Set<() => void>();
  #rest = '';
  #ended = false;

  constructor(socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('error', () => undefined);
    socket.on('data', (text: string) => {
      const lines = `${this.#rest}${text}`.split('\n');
      this.#rest = lines.pop() ?? '';
      for (const each of lines) {
        const line = JSON.parse(each) as TextLine;
        this.seen.push(line);
        this.onLine(line);
      }
      this.#look();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#look();
    });
  }

  /** Resolves with the first line that fits; rejects if the socket ends before one came. */
  find(fits: (line: TextLine) => boolean): Promise<TextLine> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.seen.find(fits);
        if (found !== undefined) resolve(found);
        else if (this.#ended) reject(new Error('the socket ended before such a line came'));
        else return;
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}
