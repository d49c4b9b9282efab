// The policies for slow receivers, as the compiler sees them. Never run: it passes by compiling.
import { type Endpoint, join, type PlainBox, type SlowReceiverEvent, type WhenFull } from 'busbar';
import { same } from './same.js';

declare const endpoint: Endpoint<PlainBox>;

same<WhenFull, 'refuse' | 'drop' | 'disconnect'>();
endpoint.send('x', 1, { whenFull: 'drop', key: 'position' });
void endpoint.deliver('x', 1, { whenFull: 'disconnect' });
void join('bus', { whenFull: 'drop' });
// @ts-expect-error waiting is what sendWhenReady() is for
endpoint.send('x', 1, { whenFull: 'wait' });
// @ts-expect-error the word is 'refuse', as in C
endpoint.send('x', 1, { whenFull: 'throw' });
endpoint.send('x', 1, { whenFull: 'refuse' });
// @ts-expect-error a key is text
endpoint.send('x', 1, { key: 1 });

const sent = endpoint.sendWhenReady('x', 1, { timeout: 5, signal: AbortSignal.abort(), ttl: 1 });
same<typeof sent, Promise<number>>();
// @ts-expect-error it waits, whatever the endpoint's policy is
void endpoint.sendWhenReady('x', 1, { whenFull: 'drop' });

endpoint.on('dropped', (event) => same<typeof event, SlowReceiverEvent>());
endpoint.on('disconnected', ({ peerId, messages }) =>
  same<typeof peerId | typeof messages, number>(),
);
// @ts-expect-error a number is `peerId`; `to` is a selector
endpoint.on('dropped', ({ to }) => to);
same<typeof endpoint.counters.superseded, number>();
