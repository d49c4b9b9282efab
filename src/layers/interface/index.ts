// The entry `busbar/interface`: interfaces as values. It does not load the bus, so that it runs
// wherever JavaScript does.
export { diff, type InterfaceDiff } from './diff.js';
export type { Change, Effect } from './diff-types.js';
export * from './entry-values.js';
export { formatYaml } from './format-yaml.js';
export { printCpp } from './print-cpp.js';
export { printPython } from './print-python.js';
export { printTypeScript } from './print-typescript.js';
export { printYaml } from './print-yaml.js';
export { moduleName } from './python-names.js';
export { parseTypeScript } from './read-typescript.js';
export { type ParseOptions, parseYaml } from './read-yaml.js';
export { type Language, nameIn } from './reserved-words.js';
export { camelCase, pascalCase, shortName, snakeCase, wordsOf } from './spelling.js';
export {
  parseStinger,
  type StingerEnum,
  type StingerField,
  type StingerImport,
  type StingerList,
  type StingerMember,
  type StingerNote,
  type StingerOptions,
  type StingerScalar,
  type StingerStruct,
  type StingerValue,
  type StingerWire,
} from './stinger.js';
