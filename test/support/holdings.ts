// What a process holds of the system: its open descriptors and its mappings of shared memory.
import { readdirSync, readFileSync } from 'node:fs';
import { turnsUntil } from './waiting.js';

/** Numbers of what is open. */
export interface Holdings {
  readonly descriptors: number;
  readonly mappings: number;
}

/** What the process holds now. On Windows nothing is counted: Wine does not tell, and the run says so at its end. */
export function holdingsOf(pid: number): Holdings {
  if (process.platform === 'win32') return { descriptors: 0, mappings: 0 };
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    mappings: maps.filter((line) => line.includes('memfd:busbar')).length,
  };
}

/** Resolves once the process holds no more than it did; who waits in vain is told by the test's deadline. */
export function holdsNoMore(pid: number, before: Holdings): Promise<void> {
  return turnsUntil(() => {
    const now = holdingsOf(pid);
    return now.descriptors <= before.descriptors && now.mappings <= before.mappings;
  });
}
