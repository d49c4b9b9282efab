// What is given to the reader of Stinger's files, and what it returns.
import type { Interface } from '../interface.js';
import type { ParseOptions } from '../read-yaml.js';
import type { StingerWire } from './wire.js';

/** Options of `parseStinger`. */
export interface StingerOptions extends ParseOptions {
  /** The name of the interface, in reverse-domain form. Default: `stinger.` and Stinger's name. */
  readonly name?: string | undefined;
  /**
   * Reads another file that the first one refers to, by its name in the reference: beside the first
   * file or below. Without it, such a reference is refused.
   */
  readonly read?: ((name: string) => Promise<string>) | undefined;
}

/** What Stinger's file says and the interface does not say in the same way. */
export interface StingerNote {
  /** The line in the file, from 1. */
  readonly line: number;
  /** The column, from 1. */
  readonly column: number;
  /** What became of which part. */
  readonly text: string;
}

/** An interface that was read from a file of Stinger. */
export interface StingerImport {
  /** The interface. */
  readonly source: Interface;
  /** In the order of the file. */
  readonly notes: readonly StingerNote[];
  /** How Stinger's own programs write its members: for `busbar/mqtt`. */
  readonly wire: StingerWire;
}
