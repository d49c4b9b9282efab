// A runtime directory of a test's own, for tests that look at the files of a bus. Only processes that are given its
// environment use it.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import type { ExecutionContext } from 'ava';

export class RuntimeDirectory {
  readonly path: string;
  /** For processes that shall use the directory. */
  readonly env: { readonly XDG_RUNTIME_DIR: string };

  /** Removed at the end of the test. `below` is a path inside it that is the runtime directory proper. */
  constructor(t: ExecutionContext, { mode = 0o700, below = '' } = {}) {
    const top = mkdtempSync(path(tmpdir(), 'busbar-test-'));
    t.teardown(() => rmSync(top, { recursive: true, force: true }));
    this.path = path(top, below);
    mkdirSync(this.path, { recursive: true });
    // Not by mkdir: the umask has no say here.
    chmodSync(this.path, mode);
    this.env = { XDG_RUNTIME_DIR: this.path };
  }

  /** Names of the files that the buses have there now. */
  files(): readonly string[] {
    const folder = path(this.path, 'busbar');
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  }

  /** The path of the one socket there. */
  socket(): string {
    const name = this.files().find((file) => file.endsWith('.sock'));
    if (name === undefined) throw new Error('no socket in the runtime directory');
    return path(this.path, 'busbar', name);
  }
}
