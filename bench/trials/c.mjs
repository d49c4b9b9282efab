// The C interface against its building blocks and its competitors: one way at 64 bytes, there and
// back, and memory regions handed over unread.

import { rateText, timeText } from '../harness/sizes.mjs';
import { listTable } from '../harness/table.mjs';

const RATES = [
  'c-send',
  'c-corked',
  'c-reserve',
  'c-borrow',
  'busbar-core',
  'bare-ring',
  'c-seqpacket',
  'ipmb',
  'iceoryx2-rate',
];
const REGIONS = ['c-regions', 'ipmb'];
const TRIPS = ['c-trip-spin', 'c-trip-sleep', 'c-trip-eventfd', 'iceoryx2-trip'];
const FRAME = 8 << 20;

const kindOf = ({ params }) => params.kind;

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'C interface',

  plan: () => [
    ...RATES.map((peer) => ({ peer, params: { size: 64, kind: 'rate' } })),
    ...REGIONS.map((peer) => ({ peer, params: { size: FRAME, kind: 'regions' } })),
    ...TRIPS.map((peer) => ({ peer, params: { size: 64, kind: 'trip' } })),
  ],

  tables(cells) {
    const of = (kind) => cells.filter((cell) => kindOf(cell) === kind);
    const rate = { 'messages/s': (figures) => rateText(figures.perSecond) };
    const trip = {
      p50: ({ p50 }) => timeText(p50),
      p99: ({ p99 }) => timeText(p99),
    };
    return [
      listTable('C interface, 64 B one way', of('rate'), rate, 'perSecond'),
      listTable(
        'C interface, regions of 8 MiB handed over unread',
        of('regions'),
        rate,
        'perSecond',
      ),
      listTable('C interface, 64 B there and back', of('trip'), trip, 'p50'),
    ];
  },
};
