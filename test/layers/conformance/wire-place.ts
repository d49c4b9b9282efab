// Wires as places of the conformance list: the server is a process of its own, at the other end.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { Interface } from 'busbar/interface';
import type { ClientOf, ServerOf } from 'busbar/rpc';
import {
  type ConnectWireOptions,
  connectWire,
  type Dialer,
  serveWire,
  stdio,
  tcp,
  tls,
  unixSocket,
  type WirePlace,
  webSocket,
} from 'busbar/wire';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { Conformance } from './interface.js';
import { type Place, ServerProgram } from './place.js';
import type { Start } from './server-program.js';
import type { ServerWire } from './server-wire.js';

const program = fileURLToPath(new URL('server-program.js', import.meta.url));

type Closing = { close(options: { linger: number }): Promise<void> };

/** How a server's program is started, with pipes for a wire or without. */
type Launch = (start: string, hasPipes: boolean) => ChildProcess;

/** A wire of its own, of this kind. */
export function onWire(
  t: ExecutionContext,
  wire: ServerWire['wire'],
  options: ServerWire['options'] = {},
  certificate?: string,
  launch: Launch = launchNode,
): Place & { readonly path: string } {
  const path = `${temporaryFolder(t)}/wire`;
  let far: WirePlace | Dialer | undefined;
  /** What is served here as soon as there is a wire. */
  const waiting: (() => Promise<unknown>)[] = [];
  let usual: ConnectWireOptions = { ...options };
  const clientOf = async <I extends Interface>(
    source: I,
    given: object = {},
  ): Promise<ClientOf<I>> => {
    if (far === undefined) throw new Error('the server comes first');
    const client = await connectWire(far, source, { ...usual, ...given });
    usual = {};
    t.teardown(() => client.close());
    for (const serve of waiting.splice(0)) await serve();
    return client;
  };
  return {
    t,
    path,
    kind: 'port',
    async serveHere<I extends Interface>(source: I, implementation: ServerOf<I>) {
      let service: Closing | undefined;
      waiting.push(async () => {
        const none = [] as unknown as never;
        service = await serveWire(far as WirePlace, source, implementation, ...none);
      });
      return { close: (how) => service?.close(how) ?? Promise.resolve() };
    },
    async server(serverOptions = {}, name = 'one') {
      const start: Start = {
        name,
        place: { wire, path, options, ...(certificate !== undefined && { certificate }) },
        options: serverOptions,
      };
      const child = launch(JSON.stringify(start), wire === 'stdio');
      t.teardown(() => child.kill('SIGKILL'));
      const server = new ServerProgram(child);
      await server.heard('serving');
      far = addressOf(wire, child, server, path, certificate);
      return server;
    },
    client: (given) => clientOf(Conformance, given),
    clientOf: (source, given) => clientOf(source, given),
  };
}

// With a channel for orders beside the wire.
function launchNode(start: string, hasPipes: boolean): ChildProcess {
  const pipe = hasPipes ? 'pipe' : 'ignore';
  return spawn(process.execPath, [program, start], {
    stdio: ['inherit', 'inherit', 'inherit', pipe, pipe, 'ipc'],
    env: hasPipes ? { ...process.env, BUSBAR_WIRE_FDS: '3,4' } : process.env,
  });
}

function addressOf(
  wire: ServerWire['wire'],
  child: ChildProcess,
  { news }: ServerProgram,
  path: string,
  ca: string | undefined,
): WirePlace | Dialer {
  const port = () => Number(news.find((each) => each.startsWith('port '))?.slice(5));
  switch (wire) {
    case 'unix':
      return unixSocket(path);
    case 'stdio':
      return stdio(child);
    case 'tcp':
      return tcp({ port: port() });
    case 'web-socket':
      return webSocket(`ws://127.0.0.1:${port()}`);
    case 'tls':
      return tls({ port: port(), ca: [ca ?? ''], servername: 'localhost' });
  }
}
