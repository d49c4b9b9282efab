// Messages, for other folders and the package's users.
export type { BoxEntry } from './box-entry.js';
export { BoxTable, boxTable, maxBoxTypes } from './box-table.js';
export {
  bytes,
  codecs,
  json,
  messagePack,
  plain,
  structuredClone,
  text,
} from './built-in-types.js';
export { type Codec, type CodecFunctions, defineCodec } from './codec.js';
export {
  type FieldInit,
  type FieldValue,
  type StructCodec,
  type StructInit,
  type StructView,
  struct,
} from './codecs/struct.js';
export type {
  ElementType,
  FieldLayout,
  FieldType,
  ScalarType,
  StructFields,
  StructLayout,
} from './codecs/struct-layout.js';
export { messageBox, plainBox } from './message-box.js';
export {
  type AnyMessageType,
  MessageType,
  type MessageTypeOptions,
  messageType,
  messageTypeNamespace,
  type ValidatedMessageTypeOptions,
} from './message-type.js';
export { openBox } from './open-box.js';
export { maxFormat, OutgoingMessage } from './outgoing-message.js';
export { adoptPayload, decodePayload, encodePayload } from './payload.js';
export { raw } from './raw-box.js';
export type {
  MessageBox,
  MessageFactory,
  MessageTypes,
  OpenBox,
  Outgoing,
  OutgoingOptions,
  Peer,
  PlainBox,
  RawBox,
  RawContent,
  RawInit,
  Received,
  ReceivedBy,
  ReceivedMessage,
  ReplyOptions,
  SentBy,
  TypedMessageBox,
  TypeId,
  TypesOf,
} from './types.js';
export { uuidText } from './uuid-text.js';
