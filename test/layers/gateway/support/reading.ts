// Readers of streams over HTTP: lines of JSON, and server-sent events.

/** One server-sent event. */
export interface SentEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** Reads parts of an answer that end in the same way. */
class PartReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  readonly #end: string;
  #text = '';

  constructor({ body }: Response, end: string) {
    if (body === null) throw new Error('the answer has no body');
    this.#reader = body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    this.#end = end;
  }

  /** The next part; `undefined` at the end. */
  async part(): Promise<string | undefined> {
    for (;;) {
      const at = this.#text.indexOf(this.#end);
      if (at >= 0) {
        const part = this.#text.slice(0, at);
        this.#text = this.#text.slice(at + this.#end.length);
        return part;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

/** Reads lines of JSON. */
export class Lines {
  readonly #parts: PartReader;

  constructor(answer: Response) {
    this.#parts = new PartReader(answer, '\n');
  }

  async next(): Promise<unknown> {
    const part = await this.#parts.part();
    return part === undefined ? undefined : JSON.parse(part);
  }

  async all(): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    for (let each = await this.next(); each !== undefined; each = await this.next()) {
      found.push(each);
    }
    return found;
  }

  cancel(): Promise<void> {
    return this.#parts.cancel();
  }
}

/** Reads server-sent events, without comments and times of waiting. */
export class Events {
  readonly #parts: PartReader;

  constructor(answer: Response) {
    this.#parts = new PartReader(answer, '\n\n');
  }

  async next(): Promise<SentEvent | undefined> {
    for (;;) {
      const part = await this.#parts.part();
      if (part === undefined) return undefined;
      const fields = new Map<string, string>();
      for (const line of part.split('\n')) {
        const [, name = '', value = ''] = /^(\w*): ?(.*)$/.exec(line) ?? [];
        fields.set(name, value);
      }
      const data = fields.get('data');
      if (data === undefined) continue;
      return {
        event: fields.get('event') ?? 'message',
        id: fields.get('id'),
        data: JSON.parse(data),
      };
    }
  }

  cancel(): Promise<void> {
    return this.#parts.cancel();
  }
}
