// A relay as a place of the conformance list: servers on a bus, and their clients at a wire that leads
// to them.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { Interface } from 'busbar/interface';
import { type ClientOf, type ServerOf, serve } from 'busbar/rpc';
import { type ConnectWireOptions, connectWire, type Dialer, serveWire, tcp } from 'busbar/wire';
import { newBus } from '../../support/program.js';
import { Conformance } from './interface.js';
import { type Place, ServerProgram } from './place.js';
import type { Start } from './server-program.js';

const program = fileURLToPath(new URL('server-program.js', import.meta.url));

/** A bus of its own behind a relay. */
export function onRelay(t: ExecutionContext): Place {
  const bus = newBus();
  let address: Promise<Dialer> | undefined;
  const listen = async () => {
    const listener = tcp.listen({ port: 0 });
    const relay = await serveWire(listener, bus, { expose: [Conformance] });
    t.teardown(() => relay.close({ linger: 0 }));
    return tcp({ port: listener.port ?? 0 });
  };
  const clientOf = async <I extends Interface>(
    source: I,
    options?: ConnectWireOptions,
  ): Promise<ClientOf<I>> => {
    address ??= listen();
    const client = await connectWire(await address, source, options);
    t.teardown(() => client.close());
    return client;
  };
  return {
    t,
    kind: 'port',
    serveHere<I extends Interface>(source: I, implementation: ServerOf<I>) {
      const none = {} as never;
      return serve(bus, source, implementation, none);
    },
    async server(options = {}, name = 'one') {
      const start: Start = { name, place: bus, options };
      const child = fork(program, [JSON.stringify(start)]);
      t.teardown(() => child.kill('SIGKILL'));
      const server = new ServerProgram(child);
      await server.heard('serving');
      return server;
    },
    client: (options) => clientOf(Conformance, options as ConnectWireOptions),
    clientOf: (source, options) => clientOf(source, options as ConnectWireOptions),
  };
}
