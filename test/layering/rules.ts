// The layering rules over a whole tree. Folders are layers and imports run one way.
import { circles } from './circles.js';
import type { SourceFile } from './files.js';
import { judgeIncludes } from './native-rules.js';
import { judgeImports } from './typescript-rules.js';
import { twins } from './unit-names.js';

/** The most lines of a file in src or native; a longer one usually has two ideas in it. */
export const maxLines = 450;

/** Returns a line for each broken rule, 'path: what is wrong'; none for an orderly tree. */
export function judge(files: readonly SourceFile[], dependencies: readonly string[]): string[] {
  const wrong = files.flatMap((file) =>
    [...judgeFile(file, dependencies), ...judgeLength(file)].map((text) => `${file.path}: ${text}`),
  );
  return [...wrong, ...circles(files), ...twins(files)];
}

function judgeFile(file: SourceFile, dependencies: readonly string[]): string[] {
  return /\.(cc|h|hpp|c)$/.test(file.path) ? judgeIncludes(file) : judgeImports(file, dependencies);
}

function judgeLength({ path, text }: SourceFile): string[] {
  const lines = text.split('\n').length - 1;
  // A public header is one file whatever its length: that is how C libraries are used.
  const counts = /^(src|native)\//.test(path) && !path.startsWith('native/ffi/include/');
  if (!counts || lines <= maxLines) return [];
  return [`${lines} lines; the limit is ${maxLines}`];
}
