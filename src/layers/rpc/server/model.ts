// What `busbar.describe` says about an interface.
import type { Interface } from '../../interface/index.js';

/** The model of an interface. */
export function modelOf({ name, version }: Interface): unknown {
  return { name, version };
}
