// Runs a program of C++ tests on all processors.
import { availableParallelism } from 'node:os';
import { exitCodeOf } from './native-objects.mjs';

/**
 * Runs the tests of `program` in as many processes as there are processors, each a part of them;
 * exits with 1 if one fails. `before` is the command that runs the program, such as an emulator
 * with its options; tests with one of `without` in their names are left out.
 */
export async function runCoreTests(program, { before = [], without = [], env = process.env } = {}) {
  const parts = availableParallelism();
  const [first, ...more] = [...before, program, ...without.flatMap((name) => ['--without', name])];
  const codes = await Promise.all(
    Array.from({ length: parts }, (_, i) =>
      exitCodeOf(first, [...more, '--part', `${i + 1}/${parts}`], { env }),
    ),
  );
  if (codes.some((code) => code !== 0)) process.exit(1);
}
