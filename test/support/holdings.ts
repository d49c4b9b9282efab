// The system resources of a process: its open descriptors and its mappings of shared memory.
import { readdirSync, readFileSync } from 'node:fs';
import { turnsUntil } from './waiting.js';

/** The numbers of what is open. */
export interface Holdings {
  readonly descriptors: number;
  readonly mappings: number;
}

/**
 * The current holdings of a process. Windows counts as 0: Wine does not report them, and the run
 * says so at its end.
 */
export function holdingsOf(pid: number): Holdings {
  if (process.platform === 'win32') return { descriptors: 0, mappings: 0 };
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    mappings: maps.filter((line) => line.includes('memfd:busbar')).length,
  };
}

/**
 * Resolves once the process holds no more than `before`; otherwise the test's deadline ends the
 * wait.
 */
export function holdsNoMore(pid: number, before: Holdings): Promise<void> {
  return turnsUntil(() => {
    const now = holdingsOf(pid);
    return now.descriptors <= before.descriptors && now.mappings <= before.mappings;
  });
}
