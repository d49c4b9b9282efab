// The message types that do not belong to an interface: the one of all answers, and those that every
// server answers. Derived from their names as all message types are; a test compares them.

/** A message type by its name. */
export interface NamedType {
  readonly name: string;
  /** The UUID. */
  readonly id: string;
}

/** The type of every answer. */
export const answerType: NamedType = {
  name: 'busbar.rpc',
  id: '5d93b0e0-d5e9-54a6-8d34-0be35c7f0804',
};
/** Answered with the models of all interfaces served. */
export const describeType: NamedType = {
  name: 'busbar.describe',
  id: '14dee38b-cd2d-585b-a8b5-a4cd62cc7be9',
};
/** Answered with nothing: the event loop of the server turns. */
export const pingType: NamedType = {
  name: 'busbar.ping',
  id: '0f533683-5a80-5828-a3ca-052b5428942e',
};
/** Answered with the counters of the server. */
export const statsType: NamedType = {
  name: 'busbar.stats',
  id: 'ea0d06e0-3ac1-562e-9dfd-7962b0114fb6',
};
