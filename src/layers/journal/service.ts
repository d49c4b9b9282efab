// The interface by which a journal is served.
import { defineInterface, t } from '../interface/entry-values.js';

const entry = t.struct('Entry', {
  /** Its place in the journal: 1 for the first entry, then one more for each. */
  position: t.u53,
  /** When it was written. */
  time: t.time,
  /** The UUID of the message's type. */
  type: t.string,
  /** The name that the UUID was derived from, if the writer knew it. */
  name: t.optional(t.string),
  /** How the payload is encoded: `'msgpack'`, `'json'`, or what the codec is called. */
  encoding: t.string,
  /** The label of the sender; empty if the writer gave none. */
  label: t.list(t.string),
  /** The format word of the message. */
  format: t.u16,
  /** The payload, encoded. */
  payload: t.bytes,
  /** The key by which compaction keeps the newest entry only. */
  key: t.optional(t.string),
  /** The metadata of the message. */
  metadata: t.optional(t.bytes),
  /** The id of the endpoint that sent the message. */
  peerId: t.optional(t.u53),
  /** The message's id on the bus. */
  id: t.optional(t.u53),
  /** The id of the message that it replied to. */
  replyTo: t.optional(t.u53),
});

/**
 * The interface of a journal that is served, for `connect` of `busbar/rpc`; see
 * {@link serveJournal}.
 */
export const JournalService = defineInterface('busbar.journal', '1.0', {
  methods: {
    /** Where the journal begins and ends. */
    range: {
      /** Two positions. */
      returns: t.struct({
        /** The position of the oldest entry. */
        start: t.u53,
        /** The position of the next entry that is written. */
        next: t.u53,
      }),
      /** It can be called again. */
      idempotent: true,
    },
    /** Streams entries, the oldest first. */
    read: {
      /** Where to begin and to end. At most one of `from`, `since` and `cursor`; default: the oldest. */
      args: {
        /** The position of the first entry. */
        from: t.optional(t.u53),
        /** A time: begins with the first entry that is not older. */
        since: t.optional(t.time),
        /** The name of a cursor: begins behind the last entry that was committed with it. */
        cursor: t.optional(t.string),
        /** The position before which the stream ends. Default: none. */
        to: t.optional(t.u53),
        /** Whether to go on with entries that are written later. Default: false. */
        follow: t.optional(t.bool, false),
      },
      /** The entries. */
      stream: entry,
    },
    /** Writes an entry; returns when it is as safe as the journal's `durability` says. */
    append: {
      /** A message that is encoded already. */
      args: {
        /** The message's type: its name or its UUID. */
        type: t.string,
        /** The payload, encoded. */
        payload: t.bytes,
        /** The format word. Default: 0. */
        format: t.optional(t.u16, 0),
        /** The label of the sender. Default: none. */
        label: t.optional(t.list(t.string)),
        /** Up to 128 bytes. Compaction keeps the newest entry with a key only. */
        key: t.optional(t.string),
        /** Up to 240 bytes, as messages have them. */
        metadata: t.optional(t.bytes),
      },
      /** The position of the entry. */
      returns: t.u53,
      /** Why nothing was written. */
      errors: {
        /** The journal is not served with `writable: true`. */
        ReadOnly: {},
      },
    },
    /** Tells how far the consumer with a cursor is. */
    committed: {
      /** Which cursor. */
      args: {
        /** Its name. */
        cursor: t.string,
      },
      /** The position of the last entry that was committed; 0 if none was. */
      returns: t.u53,
      /** It can be called again. */
      idempotent: true,
    },
    /** Notes how far the consumer with a cursor is. */
    commit: {
      /** Which cursor, and how far. */
      args: {
        /** Its name. */
        cursor: t.string,
        /** The position of the last entry that is done. */
        position: t.u53,
      },
      /** Why nothing was noted. */
      errors: {
        /** The journal is not served with `writable: true`. */
        ReadOnly: {},
      },
    },
  },
});
