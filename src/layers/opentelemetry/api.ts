// The package @opentelemetry/api, which only this layer needs.
import { MissingPackageError } from '../interface/entry-values.js';

/** The package. */
export type Api = typeof import('@opentelemetry/api');

/** The package. @throws MissingPackageError if it is not installed. */
export async function loadApi(): Promise<Api> {
  try {
    return await import('@opentelemetry/api');
  } catch (cause) {
    throw new MissingPackageError('@opentelemetry/api', 'busbar/opentelemetry', { cause });
  }
}
