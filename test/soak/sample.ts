/** Milliseconds after which the members' pools give an unused region back. */
export const idle = 3000;

/** The resources of a process. */
export interface Sample {
  /** Bytes of memory in use. */
  readonly resident: number;
  readonly descriptors: number;
  /** Mapped pieces of shared memory. */
  readonly mappings: number;
  /** Messages received so far. */
  readonly received: number;
}
