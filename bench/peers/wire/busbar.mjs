// busbar/wire over a Unix socket, and in text over the same.

import { busbarMissing, loadEntry } from '../../harness/busbar.mjs';
import { startProcesses } from '../../harness/follower.mjs';
import { adjust, block, reading } from '../../harness/service.mjs';
import { pathOf } from '../../harness/unix-socket.mjs';

/**
 * @param {'length' | 'lines'} framing
 * @param {string} [build] the folder of another build
 */
export function peer(framing, build) {
  const open = async () => ({
    ...(await loadEntry('./wire', build)),
    Bench: await benchInterface(build),
  });
  return {
    missing: () => busbarMissing(build),

    async lead(job, started) {
      const { connectWire, unixSocket, Bench } = await open();
      await startProcesses(job, started);
      const client = await connectWire(unixSocket(pathOf(job)), Bench, { framing });
      return {
        call: (i) => client.adjust(reading(i)),
        large: (bytes) => ({ call: () => client.load({ bytes }) }),
        close: () => void client.close(),
      };
    },

    async follow(job) {
      const { serveWire, unixSocket, Bench } = await open();
      const load = ({ bytes }) => block(bytes);
      await serveWire(unixSocket.listen(pathOf(job)), Bench, { adjust, load }, { framing });
    },
  };
}

async function benchInterface(build) {
  const { defineInterface, t } = await loadEntry('./interface', build);
  const fields = { id: t.u32, name: t.string, ts: t.f64, flags: t.u8 };
  return defineInterface('com.example.bench', '1.0', {
    methods: {
      adjust: { args: fields, returns: t.struct(fields) },
      load: { args: { bytes: t.u32 }, returns: t.bytes },
    },
  });
}
