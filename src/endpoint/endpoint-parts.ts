// The parts that join() passes to a new endpoint, beside the native one.
import type { MessageBox } from '../messages/index.js';

/** @internal The parts of an endpoint; see join.ts. */
export interface EndpointParts {
  readonly identifier: string;
  readonly label: readonly string[];
  readonly box: MessageBox;
  readonly prefetch: number;
  readonly linger: number;
  readonly maxMessageBytes: number;
}
