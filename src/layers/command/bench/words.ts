// What the two processes of `busbar bench` say to each other.
import { bytes, codecs, json, messageBox, messageType } from '../../../index.js';
import { defineInterface, t } from '../../interface/entry-values.js';

/** The method that is called. */
export const Echo = defineInterface('com.busbar.bench.echo', '1.0', {
  methods: { echo: { args: { value: t.u32 }, returns: t.u32 } },
});

/** `Echo` comes back, `Count` is counted, `Total` asks for the count and brings it. */
export const benchBox = messageBox({
  Echo: bytes,
  Count: messageType('com.busbar.bench.count', { codec: codecs.bytes }),
  Total: json<number>('com.busbar.bench.total'),
});

/** The label of the other process. */
export const peerLabel = 'bench-peer';
