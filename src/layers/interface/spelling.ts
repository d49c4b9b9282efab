// Names of an interface in the spellings of other languages: `setTarget` is `set_target` there, and
// `SetTarget` as a type.
import type { Interface } from './interface.js';

/** The words of a name, in lower case: those of `setHTTPPort_2` are `set`, `http`, `port`, `2`. */
export function wordsOf(name: string): string[] {
  const parts = name.match(/[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+/g);
  return (parts ?? [name]).map((part) => part.toLowerCase());
}

/** `setTarget` as `set_target`. */
export function snakeCase(name: string): string {
  return wordsOf(name).join('_');
}

/** `setTarget` as `SetTarget`. */
export function pascalCase(name: string): string {
  return wordsOf(name).map(capitalised).join('');
}

/** `set_target` as `setTarget`. */
export function camelCase(name: string): string {
  const [first = '', ...rest] = wordsOf(name);
  return first + rest.map(capitalised).join('');
}

/** `com.example.room-heater` as `RoomHeater`: what an interface is called in programs. */
export function shortName({ name }: Pick<Interface, 'name'>): string {
  const words = name.slice(name.lastIndexOf('.') + 1).split(/[-_]/);
  return words.map(capitalised).join('');
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
