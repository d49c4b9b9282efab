// One-way rate of messages whose sizes are mixed as in a real program: a recorded distribution from
// 35 B to 113 KiB; see RECORDED in ../harness/payload.mjs.

import { followOneWay, leadOneWay } from '../harness/one-way.mjs';
import { bytesText, rateText } from '../harness/sizes.mjs';
import { listTable } from '../harness/table.mjs';

const PEERS = [
  'busbar',
  'busbar-iterator',
  'zeromq',
  'net',
  'process-send-json',
  'process-send-advanced',
  'message-port',
];

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Mixed sizes, 35 B to 113 KiB as recorded, messages a second at the receiver',
  plan: () => PEERS.map((peer) => ({ peer, params: { payload: 'mixed' } })),
  lead: leadOneWay,
  follow: followOneWay,

  tables: (cells) => [
    listTable(
      trial.title,
      cells,
      {
        'messages/s': ({ perSecond }) => rateText(perSecond),
        'resident sending': ({ leadResident }) => bytesText(leadResident),
        receiving: ({ followResident }) => bytesText(followResident),
      },
      'perSecond',
    ),
  ],
};
