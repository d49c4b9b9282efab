// A runtime directory for one test, which looks at the files of its bus. Only processes with its
// environment use it.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import type { ExecutionContext } from 'ava';

export class RuntimeDirectory {
  readonly path: string;
  /** The environment of processes that use the directory. */
  readonly env: { readonly XDG_RUNTIME_DIR: string };

  /**
   * Removed at the end of the test. `below` is the path of the runtime directory proper inside it.
   */
  constructor(t: ExecutionContext, { mode = 0o700, below = '' } = {}) {
    const top = mkdtempSync(path(tmpdir(), 'busbar-test-'));
    t.teardown(() => rmSync(top, { recursive: true, force: true }));
    this.path = path(top, below);
    mkdirSync(this.path, { recursive: true });
    // Not by mkdir, whose mode the umask changes.
    chmodSync(this.path, mode);
    this.env = { XDG_RUNTIME_DIR: this.path };
  }

  /** The names of the files that the buses have there now. */
  files(): readonly string[] {
    const folder = path(this.path, 'busbar');
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  }

  /** The path of the only socket there. */
  socket(): string {
    const name = this.files().find((file) => file.endsWith('.sock'));
    if (name === undefined) throw new Error('no socket in the runtime directory');
    return path(this.path, 'busbar', name);
  }
}
