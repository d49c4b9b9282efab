// What completion offers. A type only.

/** Something that may come next on a command line, and what it is. */
export interface Candidate {
  readonly word: string;
  readonly help?: string;
}
