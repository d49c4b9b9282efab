// The output of the program: this process's streams, terminal, signals and environment.
import { clean } from './text.js';
import type { Output, TerminalSize } from './usage.js';

/** The narrowest terminal that anything is drawn for. */
const leastColumns = 20;

/** The streams of this process. `closed` tells whether the reader of its output has gone. */
export function processOutput(): { readonly output: Output; readonly closed: () => boolean } {
  const { stdin, stdout, stderr, env } = process;
  const abort = new AbortController();
  let closed = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    closed = true;
    abort.abort();
  });
  // The second one ends the program at once, in case that closing takes long.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => abort.abort());
  }
  const write = (text: string) => {
    if (!closed) stdout.write(text);
  };
  const output: Output = {
    print: (text) => write(`${text}\n`),
    complain: (text) => void stderr.write(`${stderr.isTTY ? clean(text) : text}\n`),
    write,
    terminal: () => (stdout.isTTY ? sizeOf(stdout) : undefined),
    colour: stdout.isTTY === true && !isSet(env.NO_COLOR) && env.TERM !== 'dumb',
    interrupted: abort.signal,
    env,
    get input() {
      return stdin;
    },
  };
  return { output, closed: () => closed };
}

/** As no-color.org has it: any value but the empty one. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function sizeOf(stdout: NodeJS.WriteStream): TerminalSize {
  const { columns = 80, rows = 24 } = stdout;
  return { columns: Math.max(leastColumns, columns), rows: Math.max(3, rows) };
}
