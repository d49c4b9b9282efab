// The wire that a server of the conformance list is at, in its own program.
import { readFileSync } from 'node:fs';
import {
  type Listener,
  stdio,
  tcp,
  tls,
  unixSocket,
  type WireOptions,
  type WirePlace,
} from 'busbar/wire';

/** What the wire runs over. */
export interface ServerWire {
  readonly wire: 'unix' | 'stdio' | 'tcp' | 'tls';
  /** The path of a Unix socket. */
  readonly path?: string;
  /** The file with the key and the certificate for TLS. */
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
    case 'tls': {
      const pem = readFileSync(certificate, 'utf8');
      return telling(tls.listen({ port: 0, key: pem, cert: pem }));
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
