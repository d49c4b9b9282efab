// Processes that write to and read from journals of tests.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { JournalOptions } from 'busbar/journal';
import { Program } from './program.js';

function started(t: ExecutionContext, fixture: string, args: readonly string[]): Program {
  const path = fileURLToPath(new URL(`../fixtures/${fixture}.js`, import.meta.url));
  const child: ChildProcess = fork(path, args);
  t.teardown(() => child.kill('SIGKILL'));
  return new Program(child);
}

/** A process that writes up to `batch` entries at a time; see fixtures/journal-writer.ts. */
export function journalWriter(
  t: ExecutionContext,
  folder: string,
  options: JournalOptions,
  batch = 50,
): Program {
  return started(t, 'journal-writer', [folder, JSON.stringify(options), String(batch)]);
}

/** A process that follows a journal; see fixtures/journal-follower.ts. */
export function journalFollower(t: ExecutionContext, folder: string, from: number): Program {
  return started(t, 'journal-follower', [folder, String(from)]);
}
