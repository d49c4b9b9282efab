// serveSmpi(): SQLite MPI's messages on the bus.
import { type Bus, type ServiceOf, serve } from '../../rpc/index.js';
import { checkKeys, checkText, refused } from '../checks.js';
import type { ServeDatabaseOptions } from '../serve.js';
import { SmpiFiles } from './files.js';
import { SmpiService } from './interface.js';
import { SmpiSession } from './session.js';

/** Options of {@link serveSmpi}. */
export interface ServeSmpiOptions
  extends Pick<ServeDatabaseOptions, 'readers' | 'synchronous' | 'idle' | 'driver' | 'onError'> {
  /** The files that callers may name. Default: none. */
  readonly files?: readonly string[] | undefined;
  /** Folders of which callers may name, and make, any file, but none of their subfolders. Default: none. */
  readonly folders?: readonly string[] | undefined;
  /** Further labels of the endpoint. Default: none. */
  readonly label?: string | readonly string[] | undefined;
}

/** A running service of SQLite MPI's messages. */
export interface SmpiServer extends AsyncDisposable {
  /** Rolls back what is open, and closes the files. */
  close(): Promise<void>;
}

const names = ['readers', 'synchronous', 'idle', 'driver', 'onError', 'files', 'folders', 'label'];

/**
 * Serves files by the messages of SQLite MPI, as {@link SmpiService}. Each file is served as by
 * `serveDatabase` once a caller has named it.
 * @throws SqlArgumentError if an option is wrong, and what `serve` of `busbar/rpc` throws.
 */
export async function serveSmpi(bus: Bus, options: ServeSmpiOptions): Promise<SmpiServer> {
  const given = checkKeys('serveSmpi()', options, names);
  const { files = [], folders = [], label, ...database } = given;
  if (files.length + folders.length === 0) throw refused('serveSmpi() needs files or folders');
  for (const path of [...files, ...folders]) checkText('a file or folder', path);
  const open = new SmpiFiles(bus, files, folders, { idle: 60_000, readers: 1, ...database });
  const sessions = new Map<number, SmpiSession>();
  const sessionOf = (caller: number) => {
    const known = sessions.get(caller);
    if (known !== undefined && !known.ended) return known;
    const made = new SmpiSession(open);
    sessions.set(caller, made);
    return made;
  };
  const service: ServiceOf<typeof SmpiService> = await serve(
    bus,
    SmpiService,
    {
      input: ({ message }, { from }) => {
        const session = sessions.get(from.id);
        if (session === undefined || session.ended) {
          throw new Error('read the stream of events first');
        }
        return session.input(message);
      },
      events: (_, { from, signal }) => {
        const session = sessionOf(from.id);
        const end = () => {
          session.end();
          if (sessions.get(from.id) === session) sessions.delete(from.id);
        };
        signal.addEventListener('abort', end);
        return eventsOf(session, end);
      },
    },
    label === undefined ? {} : { label },
  );
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (async () => {
      for (const session of sessions.values()) session.end();
      await service.close({ linger: 0 });
      await open.close();
    })();
    return closing;
  };
  return { close, [Symbol.asyncDispose]: close };
}

async function* eventsOf(session: SmpiSession, end: () => void) {
  try {
    yield* session.events();
  } finally {
    end();
  }
}
