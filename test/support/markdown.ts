// Parses Markdown as far as the test of the documents needs: files, headings, links, blocks of
// code.
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** A document and its path from the root of the project. */
export interface Document {
  readonly path: string;
  readonly text: string;
}

/** A block between fences. */
export interface CodeBlock {
  /**
   * The text after the opening fence: a language, and the path of the program that the block shows.
   */
  readonly info: string;
  readonly code: string;
}

/** Folders that npm, builds and git create in a clone. */
const leftOut =
  /^(build|dist|test-build|prebuilds|bench\/scratch|docs\/site)$|(^|\/)(node_modules|target|\.[^/]*)$/;

/** The paths of all files of the project, from its root. */
export function filesIn(root: string, folder = ''): string[] {
  return readdirSync(root + folder, { withFileTypes: true }).flatMap((entry) => {
    const path = folder + entry.name;
    if (!entry.isDirectory()) return [path];
    return leftOut.test(path) ? [] : filesIn(root, `${path}/`);
  });
}

/** All documents of the project. */
export function documentsIn(root: string): Document[] {
  return filesIn(root)
    .filter((path) => path.endsWith('.md'))
    .map((path) => ({ path, text: readFileSync(root + path, 'utf8') }));
}

const fence = /^ *```(.*)\n([\s\S]*?)^ *```$/gm;

/** The blocks of code of a text. */
export function codeBlocks(text: string): CodeBlock[] {
  return [...text.matchAll(fence)].map(([, info = '', code = '']) => ({ info, code }));
}

/** The targets of all links in a text that lead to a file or a heading of this project. */
export function localLinks(text: string): string[] {
  const prose = text.replace(fence, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The lines of a text that can be broken: neither code nor part of a table. */
export function proseLines(text: string): string[] {
  return text
    .replace(fence, '')
    .split('\n')
    .filter((line) => !/^\s*(\||!\[|\S+$)/.test(line));
}

const extension = /\.(cc|h|hpp|c|def|ts|mjs|cjs|js|pml|gyp)$/;
const topFolder = /^(native|src|test|bench|examples|scripts|docs)\/[\w./-]+$/;
/** Files that builds make, and those of packages. */
const made = /^(build|dist|test-build|prebuilds|node_modules|docs\/site)\//;

/** The files and folders of the project that a text names in its code, commands included. */
export function namedFiles(text: string): string[] {
  return [...text.replace(fence, '').matchAll(/`([^`]+)`/g)]
    .flatMap(([, code = '']) => code.split(/\s+/))
    .filter((name) => /^[\w./-]+$/.test(name) && !made.test(name))
    .filter((name) => extension.test(name) || topFolder.test(name));
}

/** The anchors of the headings of a text, on GitHub and in the site. */
export function anchors(text: string): string[] {
  return [...text.replace(fence, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The target of a link in a document: a path from the root, and an anchor or nothing. */
export function resolveLink(from: string, target: string): { path: string; anchor: string } {
  const [file = '', anchor = ''] = target.split('#');
  return { path: file === '' ? from : posix.join(posix.dirname(from), file), anchor };
}
