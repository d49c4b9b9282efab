// Kernel objects one way, one per message, against the bare system calls that carry them.

import { followOneWay, leadOneWay } from '../harness/one-way.mjs';
import { rateText } from '../harness/sizes.mjs';
import { listTable } from '../harness/table.mjs';

const PEERS = ['busbar', 'bare-sendmsg'];

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Descriptors one way, one a message, received and closed',
  plan: () => PEERS.map((peer) => ({ peer, params: { size: 1, carry: 'object' } })),
  lead: leadOneWay,
  follow: followOneWay,

  tables: (cells) => [
    listTable(
      trial.title,
      cells,
      { 'descriptors/s': ({ perSecond }) => rateText(perSecond) },
      'perSecond',
    ),
  ],
};
