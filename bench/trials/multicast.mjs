// Multicast of 64 bytes to 1, 4 and 8 processes: deliveries a second, all receivers together.

import { followOneWay, leadOneWay } from '../harness/one-way.mjs';
import { rateText } from '../harness/sizes.mjs';
import { gridTable, ratioTable } from '../harness/table.mjs';

const RECEIVERS = [1, 4, 8];
const PEERS = ['busbar', 'zeromq', 'ipmb'];

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Multicast of 64 B, deliveries a second at all receivers together',

  plan({ quick }) {
    const receivers = quick ? [8] : RECEIVERS;
    return receivers.flatMap((count) =>
      PEERS.map((peer) => ({ peer, params: { size: 64, receivers: count } })),
    );
  },

  lead: leadOneWay,
  follow: followOneWay,

  tables(cells) {
    const column = ({ params }) => `to ${params.receivers}`;
    return [
      gridTable(trial.title, cells, { column, text: ({ perSecond }) => rateText(perSecond) }),
      ratioTable(cells, { column, value: 'perSecond' }),
    ];
  },
};
