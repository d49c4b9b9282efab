// The interface that carries the messages of SQLite MPI.
import { defineInterface, t } from '../../interface/entry-values.js';

/**
 * SQLite MPI's messages on the bus, for `connect` of `busbar/rpc`; see {@link serveSmpi}. What a
 * program has opened ends with its stream of `events`, or with the program.
 */
export const SmpiService = defineInterface('busbar.smpi', '1.0', {
  methods: {
    /** Takes a request, and returns whether its answer comes as an event. */
    input: {
      /** The request, as JSON: `{ id, fn, args }`. */
      args: {
        /** Its text. */
        message: t.string,
      },
      /** `{ ret_i_type: 'pending' }`, or `'settled'` with the answer to one that is malformed. */
      returns: t.string,
    },
    /** The answers to this caller's requests, as JSON, in the order in which they are there. */
    events: {
      /** `{ ret_o_type: 'settled', val: { in_msg_id, msg } }`, where `msg` is JSON, too. */
      stream: t.string,
    },
  },
});
