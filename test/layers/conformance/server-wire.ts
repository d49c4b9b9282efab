// The wire that a server of the conformance list is at, in its own program.
import {
  type Listener,
  stdio,
  tcp,
  tls,
  unixSocket,
  type WireOptions,
  type WirePlace,
  webSocket,
} from 'busbar/wire';

/** What the wire runs over. */
export interface ServerWire {
  readonly wire: 'unix' | 'stdio' | 'tcp' | 'tls' | 'web-socket';
  /** The path of a Unix socket. */
  readonly path?: string;
  /** The key and the certificate for TLS. */
  readonly certificate?: string;
  readonly options: Pick<WireOptions, 'framing' | 'turn' | 'token'>;
}

/** The place to serve at. */
export function placeOf({ wire, path = '', certificate = '' }: ServerWire): WirePlace | Listener {
  switch (wire) {
    case 'unix':
      return unixSocket.listen(path);
    case 'stdio':
      return stdio();
    case 'tcp':
      return telling(tcp.listen({ port: 0 }));
    case 'web-socket':
      return telling(webSocket.listen({ port: 0 }));
    case 'tls': {
      return telling(tls.listen({ port: 0, key: certificate, cert: certificate }));
    }
  }
}

// The test waits for the port before anything else.
function telling(listener: Listener & { readonly port: number | undefined }): Listener {
  return {
    name: listener.name,
    async listen(accept) {
      await listener.listen(accept);
      process.send?.(`port ${listener.port}`);
    },
    close: () => listener.close(),
  };
}
