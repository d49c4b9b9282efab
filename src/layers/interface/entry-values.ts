// Interfaces as values, for layers that make and serve them: what `busbar/interface` exports, without
// that which reads and writes files and code. A program that only calls does not load it.
export {
  type AttachmentSink,
  type AttachmentSource,
  attachmentsOf,
  type CollectedAttachments,
  collectAttachments,
  noAttachments,
  type RegionReference,
} from './attachments.js';
export { defineInterface, type InterfaceDefinition } from './define.js';
export {
  type FilePlace,
  InterfaceFileError,
  InvalidInterfaceError,
  InvalidValueError,
  type Issue,
  MissingPackageError,
  type PathStep,
  pathText,
} from './errors.js';
export type {
  ArgsOf,
  ErrorsOf,
  Infer,
  InferInput,
  InputOf,
  Interface,
  ItemOf,
  MethodDefinition,
  Methods,
  NamedTypes,
  Properties,
  PropertyDefinition,
  ResultOf,
  SentArgsOf,
  SentErrorsOf,
  SentInputOf,
  SentItemOf,
  SentResultOf,
  SentValueOf,
  Signals,
  Struct,
  TypeOf,
  ValueOf,
} from './interface.js';
export { type InterfaceShapes, type MethodShapes, shapesOf } from './interface-shapes.js';
export { memberTypeId, memberTypeName, type NamedInterface } from './member-type.js';
export {
  canonicalJson,
  type FieldsModel,
  hashOf,
  type InterfaceModel,
  type Json,
  type MethodModel,
  modelOf,
  type NamedModel,
  type PropertyModel,
  type TypeModel,
} from './model.js';
export type { WireCodec } from './node.js';
export {
  notUnpacked,
  Packed,
  PackedItems,
  PayloadPacker,
  unpack,
  unpackItems,
} from './pack.js';
export type { Packing } from './packing.js';
export { interfaceOf } from './read-model.js';
export {
  type AnySchema,
  type EnumSchema,
  type Fields,
  type InputOfFields,
  isOwn,
  isSchema,
  type JsonValueSchema,
  type ListSchema,
  type MapSchema,
  type OptionalSchema,
  type OutputOfFields,
  type OwnSchema,
  type Schema,
  type SchemaProps,
  type SimpleKind,
  type SimpleSchema,
  type StructSchema,
} from './schema.js';
export { type Shape, shapeOf } from './shape.js';
export { t } from './t.js';
