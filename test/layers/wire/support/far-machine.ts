// The other machine: a bus with a relay, and servers in processes of their own.
//
// far-machine.js relay HOST BUS SILENCE   tells its port, and what happens to its wires
// far-machine.js server NAME BUS          tells 'serving', and of held calls
import { type ServiceOf, serve } from 'busbar/rpc';
import { serveWire, tcp } from 'busbar/wire';
import { Ledger, ledger } from './ledger.js';

const [role, name = '', bus = '', silence] = process.argv.slice(2);
const tell = (news: unknown) => process.send?.(news);
if (role === 'relay') {
  const listener = tcp.listen({ host: name, port: 0 });
  await serveWire(listener, bus, {
    expose: [Ledger],
    keepAlive: Number(silence),
    onWire: ({ change, error }) => tell(error === undefined ? change : `${change} ${error.code}`),
  });
  tell(listener.port);
} else {
  const tick = (n: number) => service.emit.tick({ n });
  const service: ServiceOf<typeof Ledger> = await serve(bus, Ledger, ledger(name, tell, tick), {
    properties: { level: 1 },
  });
  tell('serving');
}
