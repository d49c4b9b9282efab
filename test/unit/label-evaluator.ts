// A reference evaluator for the programs of label expressions, written only from their description.
// For tests only; the package evaluates in native code.

/**
 * Whether a program matches an endpoint with this label and id; throws if the program is invalid.
 */
export function evaluate(program: Uint8Array, label: readonly string[], id: number): boolean {
  const bytes = Buffer.from(program);
  if (bytes.length < 1 || bytes.length > 4096) throw new Error('length');
  const stack: boolean[] = [];
  let operations = 0;
  let at = 0;

  const take = (count: number): Buffer => {
    if (at + count > bytes.length) throw new Error('truncated');
    at += count;
    return bytes.subarray(at - count, at);
  };
  const push = (value: boolean): void => {
    if (stack.push(value) > 64) throw new Error('depth');
  };
  const pop = (): boolean => {
    const value = stack.pop();
    if (value === undefined) throw new Error('empty stack');
    return value;
  };

  while (at < bytes.length) {
    if (++operations > 1024) throw new Error('operations');
    const op = take(1)[0];
    if (op === 0 || op === 1) push(op === 1);
    else if (op === 2) {
      const length = take(1)[0] ?? 0;
      if (length === 0) throw new Error('empty leaf');
      const name = take(length);
      push(label.some((string) => name.equals(Buffer.from(string))));
    } else if (op === 3 || op === 4) {
      const b = pop();
      const a = pop();
      push(op === 3 ? a && b : a || b);
    } else if (op === 5) push(!pop());
    else if (op === 6) push(take(8).readBigUInt64LE() === BigInt(id));
    else throw new Error('unknown instruction');
  }
  if (stack.length !== 1) throw new Error('not one value');
  return pop();
}
