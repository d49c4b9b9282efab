// One-way rate by message size: one process sends, another counts.

import { followOneWay, leadOneWay } from '../harness/one-way.mjs';
import { bytesText, rateText, sizeText } from '../harness/sizes.mjs';
import { gridTable, ratioTable } from '../harness/table.mjs';

const SIZES = [16, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];
const QUICK_SIZES = [64, 4 << 10, 64 << 10];
const PEERS = [
  'busbar',
  'busbar-iterator',
  'zeromq',
  'net',
  'net-batch',
  'process-send-json',
  'process-send-advanced',
  'message-port',
  'ipmb',
  'bare-ring',
  'busbar-core',
];

/** The cells that say how much memory their processes had; programs of C++ and Rust do not. */
const residents = (cells) => cells.filter(({ figures }) => figures?.leadResident !== undefined);

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'One way, messages a second at the receiver (bytes; process.send json: a text as long)',

  plan({ quick }) {
    const sizes = quick ? QUICK_SIZES : SIZES;
    return sizes.flatMap((size) => PEERS.map((peer) => ({ peer, params: { size } })));
  },

  lead: leadOneWay,
  follow: followOneWay,

  tables(cells) {
    const column = ({ params }) => sizeText(params.size);
    return [
      gridTable(trial.title, cells, { column, text: ({ perSecond }) => rateText(perSecond) }),
      ratioTable(cells, { column, value: 'perSecond' }),
      gridTable('  resident memory afterwards, sender / receiver', residents(cells), {
        column,
        text: ({ leadResident, followResident }) =>
          `${bytesText(leadResident)} / ${bytesText(followResident)}`,
      }),
    ];
  },
};
