// Runs a program of C++ tests on all processors.
import { availableParallelism } from 'node:os';
import { exitCodeOf } from './native-objects.mjs';

/**
 * Runs the tests of `program` as so many processes at once, each a part of them; ends this process with 1 where one
 * fails. `before` is what runs the program, as an emulator and its options; tests with one of `without` in their names are left out.
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
