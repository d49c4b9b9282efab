// A journal as a service: programs in other languages, and those that do not see its folder, read it
// by calls.
import { messageType } from '../../index.js';
import { defineInterface, t } from '../interface/index.js';
import { type Bus, type ServerOf, type ServiceOf, serve } from '../rpc/index.js';
import { checkKeys, refused } from './checks.js';
import type { JournalEntry } from './entry.js';
import { Journal } from './journal.js';
import type { JournalReader } from './journal-reader.js';
import type { JournalReadOptions, JournalWriteOptions } from './options.js';

const entry = t.struct('Entry', {
  position: t.u53,
  time: t.time,
  type: t.string,
  name: t.optional(t.string),
  encoding: t.string,
  label: t.list(t.string),
  format: t.u16,
  payload: t.bytes,
  key: t.optional(t.string),
  metadata: t.optional(t.bytes),
  peerId: t.optional(t.u53),
  id: t.optional(t.u53),
  replyTo: t.optional(t.u53),
});

/**
 * The interface of a journal that is served. `read` streams entries from a position, a time or a
 * cursor; `append` writes one, and resolves with its position when it is as safe as the journal's
 * `durability` says; `range` is the oldest position and the next one; `committed` and `commit` are
 * the position of a cursor.
 */
export const JournalService = defineInterface('busbar.journal', '1.0', {
  methods: {
    range: { returns: t.struct({ start: t.u53, next: t.u53 }), idempotent: true },
    read: {
      args: {
        from: t.optional(t.u53),
        since: t.optional(t.time),
        cursor: t.optional(t.string),
        to: t.optional(t.u53),
        follow: t.optional(t.bool, false),
      },
      stream: entry,
    },
    append: {
      args: {
        type: t.string,
        payload: t.bytes,
        format: t.optional(t.u16, 0),
        label: t.optional(t.list(t.string)),
        key: t.optional(t.string),
        metadata: t.optional(t.bytes),
      },
      returns: t.u53,
      errors: { ReadOnly: {} },
    },
    committed: { args: { cursor: t.string }, returns: t.u53, idempotent: true },
    commit: { args: { cursor: t.string, position: t.u53 }, errors: { ReadOnly: {} } },
  },
});

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
