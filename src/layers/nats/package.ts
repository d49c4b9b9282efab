// The package @nats-io/transport-node, which only this layer needs.
import { MissingPackageError } from '../interface/entry-values.js';

/** The package. */
export type Client = typeof import('@nats-io/transport-node');

/** The package. @throws MissingPackageError if it is not installed. */
export async function loadClient(): Promise<Client> {
  try {
    return await import('@nats-io/transport-node');
  } catch (cause) {
    throw new MissingPackageError('@nats-io/transport-node', 'busbar/nats', { cause });
  }
}
