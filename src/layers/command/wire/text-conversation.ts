// Standard input and output as the stream of a wire that speaks lines of JSON. The end of the input is
// held back until what was asked is answered: `echo '{"call":…}' | busbar wire --json …` shall print
// the answer.
import { Duplex } from 'node:stream';
import type { Output } from '../usage.js';

interface Line {
  readonly id?: unknown;
  readonly re?: unknown;
  readonly [key: string]: unknown;
}

const asks = ['call', 'set', 'subscribe'];
const ends = ['result', 'error', 'busy', 'end', 'cancel'];

/** The two streams of this process. */
export class TextConversation extends Duplex {
  readonly #output: Output;
  readonly #asked = new Lines();
  readonly #answered = new Lines();
  /** The numbers of what was asked and has no end yet. */
  readonly #open = new Set<unknown>();
  #inputEnded = false;

  constructor(output: Output) {
    super();
    this.#output = output;
    const { input } = output;
    input.on('data', (chunk: Buffer) => {
      for (const line of this.#asked.take(chunk)) this.#count(line);
      if (!this.push(chunk)) input.pause();
    });
    input.on('end', () => {
      this.#inputEnded = true;
      this.#endIfDone();
    });
    input.on('error', (error) => this.destroy(error));
    input.pause();
  }

  override _read(): void {
    this.#output.input.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#output.write(chunk.toString('utf8'));
    for (const line of this.#answered.take(chunk)) this.#count(line);
    this.#endIfDone();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#output.input.pause();
    done(error);
  }

  #count(line: Line): void {
    if (asks.some((verb) => line[verb] !== undefined)) this.#open.add(line.id);
    else if (ends.some((end) => line[end] !== undefined)) this.#open.delete(line.re);
  }

  #endIfDone(): void {
    if (this.#inputEnded && this.#open.size === 0) this.push(null);
  }
}

/** The objects in lines that come in pieces. */
class Lines {
  readonly #decoder = new TextDecoder();
  #rest = '';

  take(chunk: Uint8Array): readonly Line[] {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.map(parse);
  }
}

// What is no JSON is refused by the wire.
function parse(text: string): Line {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Line) : {};
  } catch {
    return {};
  }
}
