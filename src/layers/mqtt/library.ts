// The package mqtt (MQTT.js), which only this layer needs.
import { MissingPackageError } from '../interface/entry-values.js';

/** The package. */
export type Library = typeof import('mqtt');

/** The package. @throws MissingPackageError if it is not installed. */
export async function loadLibrary(): Promise<Library> {
  try {
    const loaded = await import('mqtt');
    // Of a package in CommonJS not every name is always found.
    return (loaded as { default?: Library }).default ?? loaded;
  } catch (cause) {
    throw new MissingPackageError('mqtt', 'busbar/mqtt', { cause });
  }
}
