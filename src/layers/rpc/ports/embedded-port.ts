// The port over an endpoint that another layer owns and reads. That layer changes labels and leaves
// the bus; this port does neither.
import type { Endpoint, RawBox } from '../../../index.js';
import { EndpointPort } from './endpoint-port.js';

/** Frames of a shared endpoint. */
export class EmbeddedPort extends EndpointPort {
  constructor(endpoint: Endpoint<RawBox>) {
    super(endpoint, false);
  }

  override async retire(): Promise<void> {
    // The owner of the endpoint has taken its labels back.
  }

  override async close(): Promise<void> {
    // The owner leaves.
  }
}
