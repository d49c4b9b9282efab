// The entry `busbar/interface`: interfaces as values. It does not load the bus, so that it runs
// wherever JavaScript does.
export {
  type AttachmentSink,
  type AttachmentSource,
  attachmentsOf,
  type CollectedAttachments,
  collectAttachments,
  noAttachments,
} from './attachments.js';
export { defineInterface, type InterfaceDefinition } from './define.js';
export { diff, type InterfaceDiff } from './diff.js';
export type { Change, Effect } from './diff-types.js';
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
export { formatYaml } from './format-yaml.js';
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
export { printCpp } from './print-cpp.js';
export { printPython } from './print-python.js';
export { printTypeScript } from './print-typescript.js';
export { printYaml } from './print-yaml.js';
export { moduleName } from './python-names.js';
export { interfaceOf } from './read-model.js';
export { parseTypeScript } from './read-typescript.js';
export { type ParseOptions, parseYaml } from './read-yaml.js';
export { type Language, nameIn } from './reserved-words.js';
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
export { camelCase, pascalCase, shortName, snakeCase, wordsOf } from './spelling.js';
export {
  parseStinger,
  type StingerImport,
  type StingerNote,
  type StingerOptions,
} from './stinger.js';
export { t } from './t.js';
