// Waiting for changes in a folder, for readers that have read everything. The watch begins before a
// reader looks for the last time, so that no change falls between looking and waiting.
import { AbortedError } from '../../index.js';
import type { FolderWatch, JournalFiles } from './files.js';

/** Counts the changes of a folder since the first look. */
export class FolderChanges {
  readonly #files: JournalFiles;
  readonly #folder: string;
  readonly #signal: AbortSignal | undefined;
  #watch: FolderWatch | undefined;
  #version = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(files: JournalFiles, folder: string, signal: AbortSignal | undefined) {
    this.#files = files;
    this.#folder = folder;
    this.#signal = signal;
  }

  /** Begins to watch, and returns what `waitBeyond` takes: call it, then look, then wait. */
  version(): number {
    if (this.#watch !== undefined) return this.#version;
    this.#watch = this.#files.watch(this.#folder, (error) => {
      this.#version++;
      this.#failure ??= error;
      this.#wake?.();
    });
    this.#signal?.addEventListener('abort', this.#aborted);
    return this.#version;
  }

  /**
   * Resolves when something has changed since `version()` returned this, or at `close()`; rejects
   * when the signal is aborted.
   */
  async waitBeyond(version: number): Promise<void> {
    while (this.#version === version && !this.#closed && this.#signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = undefined;
    if (this.#failure !== undefined) throw this.#failure;
    throwIfAborted(this.#signal);
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
    this.#watch = undefined;
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.#wake?.();
  }

  readonly #aborted = (): void => this.#wake?.();
}

/** @throws AbortedError if the signal was aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new AbortedError('reading the journal was aborted', { cause: signal.reason });
}
