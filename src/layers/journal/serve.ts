// A journal as a service: programs in other languages, and those that do not see its folder, read it
// by calls.
import { messageType } from '../../index.js';
import { type Bus, type ServerOf, type ServiceOf, serve } from '../rpc/index.js';
import { checkKeys, refused } from './checks.js';
import type { JournalEntry } from './entry.js';
import { Journal } from './journal.js';
import type { JournalReader } from './journal-reader.js';
import type { JournalReadOptions, JournalWriteOptions } from './options.js';
import { JournalService } from './service.js';

/** Options of {@link serveJournal}. */
export interface ServeJournalOptions {
  /** Further labels, by which callers choose among several journals. Default: none. */
  readonly label?: string | readonly string[];
  /** Whether callers may append and commit. Default: false. */
  readonly writable?: boolean;
}

/**
 * Serves a journal as {@link JournalService}, to every member of the bus that calls it. The journal
 * stays the caller's; close the service first.
 * @throws InvalidArgumentError if a journal that is open for reading only is to be writable, and what
 * `serve` throws.
 */
export async function serveJournal(
  bus: Bus,
  log: JournalReader,
  options?: ServeJournalOptions,
): Promise<ServiceOf<typeof JournalService>> {
  const { label, writable = false } = checkKeys('serveJournal()', options, ['label', 'writable']);
  if (writable && !(log instanceof Journal)) {
    throw refused('writable needs a journal that openJournal() has opened', 'writable');
  }
  const writer = writable ? (log as Journal) : undefined;
  const implementation: ServerOf<typeof JournalService> = {
    range: async () => ({ start: await log.start(), next: await log.end() }),

    async *read({ from, since, cursor, to, follow }, { signal }) {
      if ([from, since, cursor].filter((place) => place !== undefined).length > 1) {
        throw refused('give one of from, since and cursor', 'from');
      }
      const begin = cursor === undefined ? (from ?? since) : log.cursor(cursor);
      const reading: JournalReadOptions = {
        follow,
        signal,
        ...(begin === undefined ? {} : { from: begin }),
        ...(to === undefined ? {} : { to }),
      };
      for await (const each of log.read(reading)) yield shown(each);
    },

    async append({ type, payload, format, label: sender, key, metadata }, call) {
      if (writer === undefined) throw call.error('ReadOnly', {});
      const { id: typeId } = messageType(type);
      const facts: JournalWriteOptions = {
        ...(sender === undefined ? {} : { label: sender }),
        ...(key === undefined ? {} : { key }),
        ...(metadata === undefined ? {} : { metadata }),
        peerId: call.from.id,
      };
      return writer.append({ typeId, format, bytes: payload }, facts);
    },

    committed: ({ cursor }) => log.cursor(cursor).position(),

    async commit({ cursor, position }, call) {
      if (writer === undefined) throw call.error('ReadOnly', {});
      await log.cursor(cursor).commit(position);
    },
  };
  return serve(bus, JournalService, implementation, label === undefined ? {} : { label });
}

function shown(each: JournalEntry) {
  const { position, time, typeId: type, typeName: name, encoding, label, format } = each;
  const { bytes: payload, key, metadata, peerId, id, replyTo } = each;
  return {
    ...{ position, time: new Date(time), type, encoding, label: [...label], format, payload },
    ...(name === undefined ? {} : { name }),
    ...(key === undefined ? {} : { key }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(peerId === undefined ? {} : { peerId }),
    ...(id === undefined ? {} : { id }),
    ...(replyTo === undefined ? {} : { replyTo }),
  };
}
