// What a stream says of the error that ends it.
import type { FailureBody } from '../http/failure.js';

/** Makes what callers get of an error. */
export type Failing = (error: unknown) => FailureBody;
