// The progress of a run: one line that rewrites itself in a terminal, plain lines elsewhere.

/**
 * @param {NodeJS.WriteStream} stream
 * @returns {(line: string, options?: { keep?: boolean }) => void} an empty line clears; keep: the
 *   line remains visible
 */
export function progress(stream) {
  if (!stream.isTTY) return (line) => void (line && stream.write(`${line}\n`));
  return (line, { keep = line.includes('\n') } = {}) => {
    stream.write(`\r\u001b[K${keep ? line : line.slice(0, stream.columns - 1)}${keep ? '\n' : ''}`);
  };
}
