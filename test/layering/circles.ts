// Finds circles: folders of src, or files anywhere, that import or include each other. Type imports
// count.
import { posix } from 'node:path';
import type { SourceFile } from './files.js';
import { importsOf, includesOf } from './imports.js';

type Edges = Map<string, Set<string>>;

/** One sentence for each circle among the folders of src, the files at its top, and all files. */
export function circles(files: readonly SourceFile[]): string[] {
  const folders = new Map<string, Set<string>>();
  const single = new Map<string, Set<string>>();
  const paths = new Set(files.map(({ path }) => path));
  for (const file of files) {
    for (const target of targetsOf(file, paths)) {
      connect(single, file.path, target);
      if (file.path.startsWith('src/')) connect(folders, layerOf(file.path), layerOf(target));
    }
  }
  const found = circlesIn(folders);
  // A circle of folders is also a circle of files; it is reported once.
  return found.length > 0 ? found : circlesIn(single);
}

function targetsOf(file: SourceFile, paths: ReadonlySet<string>): string[] {
  if (!/\.(cc|h|hpp|c)$/.test(file.path)) {
    return importsOf(file).flatMap(({ path }) => (path === undefined ? [] : [path]));
  }
  const folder = posix.dirname(file.path);
  // Relative to native/, or to the file's own folder, as in tests and public headers.
  return includesOf(file).flatMap(({ header }) =>
    [`native/${header}`, posix.join(folder, header)].filter((path) => paths.has(path)).slice(0, 1),
  );
}

function connect(edges: Edges, from: string, to: string): void {
  if (from === to) return;
  const targets = edges.get(from) ?? new Set<string>();
  edges.set(from, targets.add(to));
}

// 'src/selector/parse.ts' -> 'src/selector', 'src/errors.ts' -> 'src/errors.ts',
// 'src/layers/rpc/serve.ts' -> 'src/layers/rpc'
function layerOf(path: string): string {
  return path
    .split('/')
    .slice(0, path.startsWith('src/layers/') ? 3 : 2)
    .join('/');
}

function circlesIn(edges: Edges): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (node: string, trail: readonly string[]): void => {
    const at = trail.indexOf(node);
    if (at >= 0) {
      found.push(`circle: ${[...trail.slice(at), node].join(' -> ')}`);
    } else if (!done.has(node)) {
      for (const next of edges.get(node) ?? []) walk(next, [...trail, node]);
      done.add(node);
    }
  };
  for (const node of edges.keys()) walk(node, []);
  return found;
}
