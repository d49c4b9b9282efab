// The limits that no option changes; the mirror of native/base/limit_list.def (a test compares
// them). The documentation of the options repeats some in words.

/** Bytes, unless the name says strings, operations, milliseconds or things that are counted. */
export const limits = {
  maxIdentifierBytes: 128,
  maxTokenBytes: 1024,
  maxLabelStrings: 32,
  /** One string of a label: its length is stored in one byte. */
  maxLabelStringBytes: 255,
  /** All strings of a label, with one length byte each. */
  maxLabelBytes: 1024,
  /** Members of a bus: the capacity of the directory. */
  maxMembers: 4096,
  /** A compiled selector: one page, and a bound for the time of one evaluation. */
  maxSelectorBytes: 4096,
  maxSelectorOperations: 1024,
  /** Values on the evaluator's stack at once. */
  maxSelectorDepth: 64,
  /** Kernel objects of one message. */
  maxObjects: 253,
  /** Memory regions of one message. */
  maxRegions: 64,
  /** Regions of a registry are rounded up to pages of this size. */
  regionPageBytes: 4096,
  maxTagBytes: 255,
  /** Defaults of a registry: bytes, and milliseconds that an unused region is kept. */
  registryBytes: 2 ** 30,
  registryIdle: 30_000,
  maxMetadataBytes: 240,
  maxKeyBytes: 128,
  /** Milliseconds: 35 years. A longer `ttl` is cut to it. */
  maxTtl: 2 ** 40,
  /** One memory region. */
  maxRegionBytes: 2 ** 32,
  /** Observers of a bus. */
  maxObservers: 16,
  /** Types that an observer can choose. */
  maxObservedTypes: 64,
  /** The compiled `match` of an observer. */
  maxObserverMatchBytes: 1024,
  /** The part of a payload that an observer can get. */
  maxObservedBytes: 48 * 1024,
  /** Receivers that an observation names. */
  maxObservedReceivers: 256,
} as const;
