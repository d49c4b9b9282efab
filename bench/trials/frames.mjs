// Frames one way: shared memory handed over by reference, against peers that carry every byte. The
// receiver reads nothing, or one byte of each page, which makes the cost of a copy show up in the
// caches.

import { followOneWay, leadOneWay } from '../harness/one-way.mjs';
import { rateText, sizeText } from '../harness/sizes.mjs';
import { gridTable, ratioTable } from '../harness/table.mjs';

const FRAME = 8 << 20;
const SIZES = [64 << 10, 1 << 20, FRAME, 64 << 20];
const PEERS = ['busbar', 'zeromq', 'process-send-advanced', 'net'];

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Frames one way, a second at the receiver (busbar: as memory regions)',

  plan: ({ quick }) => [
    ...(quick ? [] : SIZES.filter((size) => size !== FRAME)).map((size) => ({
      peer: 'busbar',
      params: { size, carry: 'region', touch: 'nothing' },
    })),
    ...['nothing', 'pages'].flatMap((touch) =>
      PEERS.map((peer) => ({ peer, params: { size: FRAME, carry: 'region', touch } })),
    ),
  ],

  lead: leadOneWay,
  follow: followOneWay,

  tables(cells) {
    const column = ({ params }) =>
      `${sizeText(params.size)}, ${params.touch === 'pages' ? 'a byte a page' : 'not read'}`;
    return [
      gridTable(trial.title, cells, { column, text: ({ perSecond }) => rateText(perSecond) }),
      ratioTable(cells, { column, value: 'perSecond' }),
    ];
  },
};
