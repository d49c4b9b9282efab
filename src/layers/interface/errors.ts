// The errors of this layer. They extend Error and not BusError: the interface entry also runs where
// the bus cannot be loaded, as in a sandboxed renderer.
import { nameErrors } from '../../base/name-errors.js';

/** A step of the way to a part of a value: the key of a struct or map, or the index in a list. */
export type PathStep = string | number;

/** What is wrong with one part of a value. */
export interface Issue {
  /** Where it is, from the value inwards; empty for the value itself. */
  readonly path: readonly PathStep[];
  /** What was found and what was expected, without the path. */
  readonly message: string;
}

/** The message that an {@link InvalidValueError} has for its first issue. */
function textOf(issues: readonly Issue[]): string {
  const [first] = issues;
  if (first === undefined) return 'the value does not fit its schema';
  return first.path.length === 0
    ? `the value ${first.message}`
    : `${pathText(first.path)} ${first.message}`;
}

/** A path as programs write it: `samples[3].at`. */
export function pathText(path: readonly PathStep[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_]\w*$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step.length > 40 ? `${step.slice(0, 40)}…` : step)}]`;
  }
  return text;
}

/**
 * A value does not fit its schema, when it is sent or when it is received. The text has the path of
 * the wrong part, as in `samples[3].at is 5; expected a Date`.
 */
export class InvalidValueError extends Error {
  /** Always `'ERR_BUSBAR_INVALID_VALUE'`. */
  readonly code = 'ERR_BUSBAR_INVALID_VALUE';
  /** What is wrong. Never empty; one issue, except that a foreign schema may report several. */
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[], options?: ErrorOptions) {
    super(textOf(issues), options);
    this.issues = issues;
  }

  /** Where the first issue is; empty for the value itself. */
  get path(): readonly PathStep[] {
    return this.issues[0]?.path ?? [];
  }
}

/**
 * An interface or schema is malformed: a name or version that is not allowed, an unknown key, a
 * schema that is none. The text begins with the place.
 */
export class InvalidInterfaceError extends Error {
  /** Always `'ERR_BUSBAR_INVALID_INTERFACE'`. */
  readonly code = 'ERR_BUSBAR_INVALID_INTERFACE';
  /** The place in the definition, as in `methods.setTarget.args.celsius`; may be empty. */
  readonly path: string;
  /** What is wrong, without the place. */
  readonly problem: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(path === '' ? problem : `${path} ${problem}`, options);
    this.path = path;
    this.problem = problem;
  }
}

/** What {@link InterfaceFileError} knows of the place of a mistake. */
export interface FilePlace {
  /** The name of the file; `undefined` if the text came from elsewhere. */
  readonly file: string | undefined;
  /** The line, from 1. */
  readonly line: number;
  /** The column, from 1. */
  readonly column: number;
}

/**
 * A file that describes an interface is malformed. The text begins with the place, as compilers
 * write it: `thermostat.busbar.yaml:7:24: methods.setTarget.returns is "f46"; expected a type`.
 */
export class InterfaceFileError extends Error implements FilePlace {
  /** Always `'ERR_BUSBAR_INTERFACE_FILE'`. */
  readonly code = 'ERR_BUSBAR_INTERFACE_FILE';
  readonly file: string | undefined;
  readonly line: number;
  readonly column: number;
  /** What is wrong, without the place in the file. */
  readonly problem: string;

  constructor({ file, line, column }: FilePlace, problem: string, options?: ErrorOptions) {
    super(
      `${file ?? 'line'}${file === undefined ? ' ' : ':'}${line}:${column}: ${problem}`,
      options,
    );
    this.file = file;
    this.line = line;
    this.column = column;
    this.problem = problem;
  }
}

/** A package that only one function needs is not installed; the text has the command for it. */
export class MissingPackageError extends Error {
  /** Always `'ERR_BUSBAR_MISSING_PACKAGE'`. */
  readonly code = 'ERR_BUSBAR_MISSING_PACKAGE';
  /** The name of the package. */
  readonly package: string;

  constructor(name: string, use: string, options?: ErrorOptions) {
    super(
      `${use} needs the package '${name}', which is not installed: npm install ${name}`,
      options,
    );
    this.package = name;
  }
}

nameErrors(InvalidValueError, 'InvalidValueError');
nameErrors(InvalidInterfaceError, 'InvalidInterfaceError');
nameErrors(InterfaceFileError, 'InterfaceFileError');
nameErrors(MissingPackageError, 'MissingPackageError');
