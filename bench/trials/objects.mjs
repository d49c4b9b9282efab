// One-way rate of a small object of four fields, encoded and decoded by each peer's own means:
// MessagePack for busbar, JSON or structured clone for process.send, JSON for zeromq.js.

import { followOneWay, leadOneWay } from '../harness/one-way.mjs';
import { rateText } from '../harness/sizes.mjs';
import { listTable } from '../harness/table.mjs';

const PEERS = [
  'busbar',
  'busbar-iterator',
  'zeromq',
  'process-send-json',
  'process-send-advanced',
  'message-port',
];

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Objects { id, name, ts, flags } one way, messages a second at the receiver',
  plan: () => PEERS.map((peer) => ({ peer, params: { payload: 'object' } })),
  lead: leadOneWay,
  follow: followOneWay,

  tables: (cells) => [
    listTable(
      trial.title,
      cells,
      { 'messages/s': (figures) => rateText(figures.perSecond) },
      'perSecond',
    ),
  ],
};
