// Watches files. Their folders are watched, since editors replace a file by another one.
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Milliseconds without a further event before a file is read: editors write in several steps. */
const settled = 30;

/**
 * Calls `changed` with each file, and again with each that has changed, one after the other.
 * Resolves when `signal` is aborted; rejects if a folder cannot be watched, or with what `changed`
 * rejects.
 */
export async function watchFolders(
  files: readonly string[],
  changed: (file: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const waiting = new Set(files);
  let wake: () => void = () => undefined;
  let failure: unknown;
  const timers = new Map<string, NodeJS.Timeout>();
  const note = (file: string) => {
    clearTimeout(timers.get(file));
    const later = () => {
      waiting.add(file);
      wake();
    };
    timers.set(file, setTimeout(later, settled));
  };
  // Before the first reading, so that no change is missed between the two.
  const watchers = foldersOf(files).map(([folder, names]) =>
    watchFolder(folder, names, note, (error) => {
      failure ??= error;
      wake();
    }),
  );
  const abort = () => wake();
  signal.addEventListener('abort', abort);
  try {
    while (!signal.aborted) {
      const [file] = waiting;
      if (file !== undefined) {
        waiting.delete(file);
        await changed(file);
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (signal.aborted || failure !== undefined || waiting.size > 0) resolve();
        });
        if (failure !== undefined) throw failure;
      }
    }
  } finally {
    signal.removeEventListener('abort', abort);
    for (const watcher of watchers) watcher.close();
    for (const timer of timers.values()) clearTimeout(timer);
  }
}

/** The folders, each with its files by their names. */
function foldersOf(files: readonly string[]): [string, Map<string, string>][] {
  const folders = new Map<string, Map<string, string>>();
  for (const file of files) {
    const names = folders.get(dirname(file)) ?? new Map<string, string>();
    folders.set(dirname(file), names.set(basename(file), file));
  }
  return [...folders];
}

function watchFolder(
  folder: string,
  names: ReadonlyMap<string, string>,
  note: (file: string) => void,
  fail: (error: unknown) => void,
): FSWatcher {
  const watcher = watch(folder, (_, name) => {
    // Some systems do not say which file it is.
    const file = name === null ? undefined : names.get(name);
    if (file !== undefined) note(file);
    else if (name === null) for (const each of names.values()) note(each);
  });
  return watcher.on('error', fail);
}
