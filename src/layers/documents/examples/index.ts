// Examples of every member of an interface, in every language that there is a client for.
import type { Interface } from '../../interface/index.js';
import type { ExampleLanguage } from '../highlight.js';
import * as cpp from './cpp.js';
import * as python from './python.js';
import * as shell from './shell.js';
import * as typescript from './typescript.js';

/** A piece of a program. */
export interface Example {
  readonly language: ExampleLanguage;
  readonly code: string;
}

/** The examples of an interface. */
export interface Examples {
  /** How a program gets to a service. */
  readonly connecting: readonly Example[];
  /** What it does with a member. */
  readonly of: (member: string) => readonly Example[];
}

const writers = [
  { language: 'ts', writer: typescript },
  { language: 'cpp', writer: cpp },
  { language: 'python', writer: python },
  { language: 'shell', writer: shell },
] as const;

/** Writes the examples of an interface. */
export function examplesOf(given: Interface): Examples {
  return {
    connecting: writers.map(({ language, writer }) => ({
      language,
      code: writer.connecting(given),
    })),
    of: (member) =>
      writers.map(({ language, writer }) => ({ language, code: exampleOf(writer, given, member) })),
  };
}

/** What the examples of one language are written by. */
interface Writer {
  connecting(given: Interface): string;
  calling(given: Interface, name: string, method: Interface['methods'][string]): string;
  using(given: Interface, name: string, property: Interface['properties'][string]): string;
  listening(given: Interface, name: string, data: Interface['signals'][string]): string;
}

function exampleOf(writer: Writer, given: Interface, name: string): string {
  const { methods, properties, signals } = given;
  const [method, property, signal] = [methods[name], properties[name], signals[name]];
  if (method !== undefined) return writer.calling(given, name, method);
  if (property !== undefined) return writer.using(given, name, property);
  if (signal !== undefined) return writer.listening(given, name, signal);
  throw new TypeError(`${given.name} has no member '${name}'`);
}
