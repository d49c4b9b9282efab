// The keys that a user presses, one at a time. Without a terminal to read from there are none.

/** Reads keys until it is closed. */
export class Keys {
  readonly #input: NodeJS.ReadStream;
  readonly #onData: (data: Buffer) => void;
  readonly #end = new AbortController();

  constructor(input: NodeJS.ReadStream, pressed: (key: string) => void) {
    this.#input = input;
    this.#onData = (data) => {
      for (const key of data.toString()) {
        // In raw mode, ctrl-c is a key and no signal.
        if (key === '\u0003') process.kill(process.pid, 'SIGINT');
        else pressed(key);
      }
    };
    if (!input.isTTY) return;
    input.setRawMode(true);
    input.on('data', this.#onData);
  }

  /** Aborted by {@link end}. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  /** The user wants no more. */
  end(): void {
    this.#end.abort();
  }

  close(): void {
    if (!this.#input.isTTY) return;
    this.#input.off('data', this.#onData);
    this.#input.setRawMode(false);
    this.#input.pause();
  }
}
