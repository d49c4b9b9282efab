// Calls over a byte stream: the object of the trial `rpc` there and back over a Unix socket between
// two processes, with 64 calls in flight and one at a time.

import { rateText, timeText } from '../harness/sizes.mjs';
import { gridTable, listTable } from '../harness/table.mjs';
import { trial as rpc } from './rpc.mjs';

const PEERS = ['busbar-wire', 'busbar-wire-lines', 'birpc-socket', 'vscode-jsonrpc'];

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Calls over a Unix socket',

  plan: () => [
    ...PEERS.map((peer) => ({ peer, params: { kind: 'calls' } })),
    ...PEERS.map((peer) => ({ peer, params: { kind: 'one', placement: 'free' } })),
  ],

  lead: rpc.lead,
  follow: rpc.follow,

  tables(cells) {
    const of = (kind) => cells.filter(({ params }) => params.kind === kind);
    return [
      listTable(
        'Calls over a Unix socket, 64 in flight, an object of four fields there and back',
        of('calls'),
        {
          'calls/s': ({ perSecond }) => rateText(perSecond),
          'caller, each': ({ leadCpu }) => timeText(leadCpu),
          'server, each': ({ followCpu }) => timeText(followCpu),
        },
        'perSecond',
        'busbar-wire',
      ),
      gridTable('Calls over a Unix socket one at a time, p50 / p99 / p99.9', of('one'), {
        column: () => 'unpinned',
        text: ({ p50, p99, p999 }) => [p50, p99, p999].map(timeText).join(' / '),
      }),
    ];
  },
};
