// The languages that examples are written in, in the order of the page.
import type { ExampleLanguage } from '../highlight.js';

/** A language with its name, as the page shows it. */
export const exampleLanguages: readonly {
  readonly id: ExampleLanguage;
  readonly title: string;
}[] = [
  { id: 'ts', title: 'TypeScript' },
  { id: 'cpp', title: 'C++' },
  { id: 'python', title: 'Python' },
  { id: 'shell', title: 'Shell' },
];
