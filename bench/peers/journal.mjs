// What a journal is compared with. The programs are in ../harness/journal.mjs; this file only says
// what is missing here.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

/** @param {string} variant */
export function peer(variant) {
  return {
    missing() {
      if (variant === 'jetstream') {
        const { status } = spawnSync('nats-server', ['-v']);
        return status === 0 ? undefined : 'nats-server is not there';
      }
      if (variant !== 'better-sqlite3') return undefined;
      try {
        const Database = createRequire(import.meta.url)('better-sqlite3');
        new Database(':memory:').close();
        return undefined;
      } catch (error) {
        return `better-sqlite3 does not load: ${error.message.split('\n')[0]}`;
      }
    },
  };
}
