// Reads the project's sources for the layering rules. Knows which files count, not what they may
// import.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** One source file: its path from the project's root, with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const folders = ['src', 'native', 'test', 'bench', 'examples'];
const endings = /\.(ts|mts|mjs|js|cc|h|hpp|c)$/;
const generated = /(^|\/)(node_modules|build|target|dist)\//;

/** Every TypeScript, JavaScript, C and C++ source below `root` that people write. */
export function readSources(root: string): SourceFile[] {
  return folders.flatMap((folder) => readFolder(root, folder));
}

function readFolder(root: string, folder: string): SourceFile[] {
  const top = join(root, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(root, path).split(sep).join('/'), absolute: path }))
    .filter(({ path }) => !generated.test(path))
    .map(({ path, absolute }) => ({ path, text: readFileSync(absolute, 'utf8') }));
}
