// The other process of `busbar bench`: sends messages back, counts others, serves a method. It ends
// with the process that started it.
import { join } from '../../../index.js';
import { serve } from '../../rpc/index.js';
import { benchBox, Echo, peerLabel } from './words.js';

const [, , bus = ''] = process.argv;
const endpoint = await join(bus, { label: peerLabel, messages: benchBox });
let count = 0;
endpoint.on('message', (message) => {
  switch (message.type) {
    case 'Echo':
      message.reply(benchBox.Echo(message.payload));
      break;
    case 'Count':
      count++;
      break;
    default:
      message.reply(benchBox.Total(count));
      count = 0;
  }
});
await serve(bus, Echo, { echo: ({ value }) => value });
process.on('disconnect', () => process.exit());
process.send?.('ready');
