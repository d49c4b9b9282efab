// Finds what a source file imports (TypeScript, JavaScript) or includes (C, C++).
import { posix } from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './files.js';

/**
 * An import as written; `path`, for a relative one, is the imported file, from the project's root.
 */
export interface Import {
  readonly specifier: string;
  readonly path: string | undefined;
}

/** An include as written, and whether it is between angle brackets. */
export interface Include {
  readonly header: string;
  readonly isSystem: boolean;
}

/** Every import, re-export, `import()`, `require()` and imported type of a file. */
export function importsOf(file: SourceFile): Import[] {
  return ts.preProcessFile(file.text, true, true).importedFiles.map(({ fileName }) => ({
    specifier: fileName,
    path: fileName.startsWith('.') ? sourcePath(file, fileName) : undefined,
  }));
}

// './x.js' in a TypeScript file means x.ts.
function sourcePath(file: SourceFile, specifier: string): string {
  const path = posix.join(posix.dirname(file.path), specifier);
  return file.path.endsWith('.ts') ? path.replace(/\.js$/, '.ts') : path;
}

/** Every `#include` of a file, also in branches that this machine does not compile. */
export function includesOf(file: SourceFile): Include[] {
  const pattern = /^[ \t]*#[ \t]*include[ \t]*(?:<([^>]+)>|"([^"]+)")/gm;
  return [...file.text.matchAll(pattern)].map(([, system, own]) => ({
    header: system ?? own ?? '',
    isSystem: system !== undefined,
  }));
}
