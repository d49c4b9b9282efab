// Values as JSON, on their way to a gateway.
import type { Shape } from '../../interface/entry-values.js';
import { InvalidArgumentError } from '../../rpc/entry-port.js';

/** A value as the text of its JSON. */
export function encoded(shape: Shape, value: unknown, name: string): string {
  try {
    return JSON.stringify(shape.encode(value, undefined, 'json'));
  } catch (cause) {
    throw new InvalidArgumentError(`${name}: ${(cause as Error).message}`, {
      executed: 'no',
      cause,
    });
  }
}
