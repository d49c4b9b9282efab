// A stream of server-sent events that outlives its connection for a while. The events that were sent
// last are kept, so that a reader that was cut off gets every item once; while nobody is connected,
// nothing more is asked of the server.
import { eventText, type StreamAnswer } from '../http/stream-answer.js';
import type { Limits } from '../limits.js';
import type { Failing } from './failing.js';
import type { ItemSource } from './item-source.js';

interface Sent {
  readonly sequence: number;
  readonly text: string;
}

/** Events that are kept at most, whatever their size. */
const mostKept = 4096;

/** Whom a stream concerns. Each function is called once. */
export interface ResumableHost {
  /** It has come to its end and nobody reads it: it holds what it has sent, and nothing else. */
  completed(): void;
  /** It can be resumed no more. */
  ended(): void;
}

/** One stream. */
export class ResumableStream {
  readonly #id: string;
  readonly #items: ItemSource;
  readonly #limits: Limits;
  readonly #failing: Failing;
  readonly #host: ResumableHost;
  #kept: Sent[] = [];
  #keptBytes = 0;
  /** Of the last event. */
  #sequence = 0;
  #answer: StreamAnswer | undefined;
  #attached: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over = false;
  #complete = false;
  #told = false;

  constructor(
    id: string,
    items: ItemSource,
    limits: Limits,
    failing: Failing,
    host: ResumableHost,
  ) {
    this.#id = id;
    this.#items = items;
    this.#limits = limits;
    this.#failing = failing;
    this.#host = host;
  }

  /** Whether the events behind this one are still here. */
  canResume(sequence: number): boolean {
    if (this.#over || sequence > this.#sequence) return false;
    const first = this.#kept[0]?.sequence ?? this.#sequence + 1;
    return sequence >= first - 1;
  }

  /** Whether this is the last event, and nothing more can come. */
  isEnd(sequence: number): boolean {
    return this.#complete && sequence === this.#sequence;
  }

  /** A reader has come, which has had the events up to this one. Another one that is there is cut off. */
  attach(answer: StreamAnswer, sequence: number): void {
    clearTimeout(this.#timer);
    const before = this.#answer;
    this.#answer = answer;
    before?.destroy();
    answer.onClose(() => this.#detached(answer));
    if (this.#answer !== answer) return;
    const missed = this.#kept.filter((each) => each.sequence > sequence);
    const head = sequence === 0 ? 'retry: 1000\n\n' : '';
    // At most what is kept: it may wait in memory.
    void answer.write(`${head}${missed.map(({ text }) => text).join('')}`);
    if (this.#complete) answer.end();
    this.#attached?.();
    this.#attached = undefined;
  }

  /** Sends items until there are no more, or nobody has come for them. */
  async run(): Promise<void> {
    while (!this.#over && !this.#complete) {
      if (this.#answer === undefined) {
        await new Promise<void>((resolve) => {
          this.#attached = resolve;
        });
        continue;
      }
      await this.#step();
    }
  }

  /** Ends it. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#items.leave();
    this.#attached?.();
    this.#answer?.destroy();
    this.#kept = [];
    this.#host.ended();
  }

  async #step(): Promise<void> {
    let text = '';
    try {
      const { lines, result } = await this.#items.next();
      if (this.#over) return;
      if (lines === undefined) {
        text = this.#event('end', result);
        this.#complete = true;
      } else {
        text = lines.map((line) => this.#event(undefined, line)).join('');
      }
    } catch (error) {
      if (this.#over) return;
      text = this.#event('failure', JSON.stringify(this.#failing(error)));
      this.#complete = true;
    }
    const answer = this.#answer;
    if (this.#complete) answer?.end(text);
    else await answer?.write(text);
  }

  #event(name: string | undefined, data: string): string {
    this.#sequence++;
    const sequence = this.#sequence;
    const text = eventText(name, data, `${this.#id}.${sequence}`);
    this.#kept.push({ sequence, text });
    this.#keptBytes += text.length;
    while (
      this.#kept.length > 1 &&
      (this.#keptBytes > this.#limits.resumeBytes || this.#kept.length > mostKept)
    ) {
      this.#keptBytes -= (this.#kept.shift() as Sent).text.length;
    }
    return text;
  }

  // A reader that has got the end does not come again, but one that was cut off before it does.
  #detached(answer: StreamAnswer): void {
    if (this.#answer !== answer) return;
    this.#answer = undefined;
    if (this.#over) return;
    if (this.#complete && !this.#told) {
      this.#told = true;
      this.#host.completed();
    }
    this.#timer = setTimeout(() => this.cancel(), this.#limits.resumeTime);
    this.#timer.unref();
  }
}
