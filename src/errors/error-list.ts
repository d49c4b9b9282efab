// The one list of everything that busbar refuses or fails with, on the TypeScript side. It mirrors
// native/base/error_list.def: same numbers, names and texts. Numbers and codes are never reused.

/**
 * One row: the native status number, the name, the code that users compare with, the default text.
 */
export interface ErrorListEntry {
  readonly number: number;
  readonly name: string;
  readonly code: `ERR_BUSBAR_${string}`;
  readonly text: string;
}

export const errorList = [
  {
    number: 1,
    name: 'InvalidArgument',
    code: 'ERR_BUSBAR_INVALID_ARGUMENT',
    text: 'invalid argument',
  },
  {
    number: 2,
    name: 'InvalidIdentifier',
    code: 'ERR_BUSBAR_INVALID_IDENTIFIER',
    text: 'invalid bus identifier',
  },
  { number: 3, name: 'InvalidLabel', code: 'ERR_BUSBAR_INVALID_LABEL', text: 'invalid label' },
  {
    number: 4,
    name: 'InvalidSelector',
    code: 'ERR_BUSBAR_INVALID_SELECTOR',
    text: 'invalid selector',
  },
  {
    number: 5,
    name: 'TokenMismatch',
    code: 'ERR_BUSBAR_TOKEN_MISMATCH',
    text: 'the token is not the one of this bus',
  },
  {
    number: 6,
    name: 'VersionMismatch',
    code: 'ERR_BUSBAR_VERSION_MISMATCH',
    text: 'no common protocol version',
  },
  { number: 7, name: 'Permission', code: 'ERR_BUSBAR_PERMISSION', text: 'not permitted' },
  { number: 8, name: 'Timeout', code: 'ERR_BUSBAR_TIMEOUT', text: 'timed out' },
  { number: 9, name: 'Aborted', code: 'ERR_BUSBAR_ABORTED', text: 'aborted by its signal' },
  { number: 10, name: 'Closed', code: 'ERR_BUSBAR_CLOSED', text: 'the endpoint is closed' },
  { number: 11, name: 'TooLarge', code: 'ERR_BUSBAR_TOO_LARGE', text: 'the message is too large' },
  {
    number: 12,
    name: 'NoRecipient',
    code: 'ERR_BUSBAR_NO_RECIPIENT',
    text: 'no endpoint matches the selector',
  },
  { number: 13, name: 'QueueFull', code: 'ERR_BUSBAR_QUEUE_FULL', text: 'the send queue is full' },
  {
    number: 14,
    name: 'UnknownType',
    code: 'ERR_BUSBAR_UNKNOWN_TYPE',
    text: 'the message type is not in the message box',
  },
  {
    number: 15,
    name: 'SchemaMismatch',
    code: 'ERR_BUSBAR_SCHEMA_MISMATCH',
    text: 'the payload does not fit its schema',
  },
  {
    number: 16,
    name: 'DecodeFailed',
    code: 'ERR_BUSBAR_DECODE_FAILED',
    text: 'the payload could not be decoded',
  },
  {
    number: 17,
    name: 'ProtocolViolation',
    code: 'ERR_BUSBAR_PROTOCOL_VIOLATION',
    text: 'a peer broke the protocol',
  },
  {
    number: 18,
    name: 'Undelivered',
    code: 'ERR_BUSBAR_UNDELIVERED',
    text: 'not every receiver took the message',
  },
  {
    number: 19,
    name: 'LimitExceeded',
    code: 'ERR_BUSBAR_LIMIT_EXCEEDED',
    text: 'a limit is exceeded',
  },
  { number: 20, name: 'OutOfMemory', code: 'ERR_BUSBAR_OUT_OF_MEMORY', text: 'out of memory' },
  {
    number: 21,
    name: 'OutOfDescriptors',
    code: 'ERR_BUSBAR_OUT_OF_DESCRIPTORS',
    text: 'out of file descriptors',
  },
  { number: 22, name: 'System', code: 'ERR_BUSBAR_SYSTEM', text: 'the operating system refused' },
  { number: 23, name: 'PeerGone', code: 'ERR_BUSBAR_PEER_GONE', text: 'the peer is gone' },
  {
    number: 24,
    name: 'NoController',
    code: 'ERR_BUSBAR_NO_CONTROLLER',
    text: 'the bus has no controller',
  },
  {
    number: 25,
    name: 'WouldBlock',
    code: 'ERR_BUSBAR_WOULD_BLOCK',
    text: 'the operation would block',
  },
  { number: 26, name: 'Unsupported', code: 'ERR_BUSBAR_UNSUPPORTED', text: 'not supported here' },
  {
    number: 27,
    name: 'NoExternalBuffers',
    code: 'ERR_BUSBAR_NO_EXTERNAL_BUFFERS',
    text: 'this runtime allows no views of shared memory',
  },
  {
    number: 28,
    name: 'Superseded',
    code: 'ERR_BUSBAR_SUPERSEDED',
    text: 'a newer message with the same key took its place',
  },
  {
    number: 29,
    name: 'TooSlow',
    code: 'ERR_BUSBAR_TOO_SLOW',
    text: 'the receiver was too slow and was disconnected',
  },
  {
    number: 30,
    name: 'NotHandled',
    code: 'ERR_BUSBAR_NOT_HANDLED',
    text: 'the receiver did not finish the message',
  },
] as const satisfies readonly ErrorListEntry[];

/** The name of a failure without its `Error` ending, as in the native list: `'QueueFull'`. */
export type ErrorName = (typeof errorList)[number]['name'];

/** Every `code` a {@link BusError} can carry: `'ERR_BUSBAR_QUEUE_FULL'` and its siblings. */
export type BusErrorCode = (typeof errorList)[number]['code'];

/** The row that belongs to a name. */
export type EntryOf<N extends ErrorName> = Extract<(typeof errorList)[number], { name: N }>;
