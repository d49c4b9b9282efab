// Metadata: bytes beside the payload, by every way to send, on every way that a message can take.

import test from 'ava';
import { inProcess, joined, newBus, type Source } from './support/program.js';

/** So many bytes that begin with `first` and count up. */
function counted(length: number, first = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => first + i);
}

/** Answers each message with its metadata, as the program saw it. */
const mirror: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'mirror' });
  tell(endpoint.id);
  for await (const message of endpoint) {
    const { metadata } = message;
    message.reply(metadata === undefined ? 'none' : [...metadata], { metadata, format: 7 });
  }
};

test('every size up to 240 bytes arrives, between messages without any', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus);
  await inProcess(t, bus, mirror).next();
  for (let length = 0; length <= 240; length++) {
    const metadata = counted(length);
    me.send('mirror', 'with', { metadata });
    me.send('mirror', 'without');
    const answer = await me.recv();
    t.deepEqual(answer.payload, length === 0 ? 'none' : [...metadata]);
    t.deepEqual(answer.metadata, length === 0 ? undefined : metadata);
    t.is(answer.format, 7);
    t.is((await me.recv()).payload, 'none');
  }
});
