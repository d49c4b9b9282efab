// Combines several C++ sources of a layer into one unit of compilation. A small file spends most of
// its time on the standard library's headers, so a build of units takes a quarter of the time; in
// return, names in the anonymous namespaces of a layer (native/core, test/native, native/linux)
// must differ, whatever subfolders it has.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { root, textOf } from './project.mjs';

/**
 * Few enough to keep two processors busy, and to avoid compiling half of the project after each
 * change. Of the seconds that a unit of g++ 12 takes, 9 are the headers' and 1.2 each source's:
 * with 16 sources, three quarters of the time that 8 take.
 */
const mostSources = 16;

/** The first two folders of a source's path, which are compiled together. */
const layerOf = (source) => source.split('/').slice(0, 2).join('/');

/** `sources` in groups of one layer each, in order; `name` is the group's. */
export function groupsOf(sources) {
  return [...new Set(sources.map(layerOf))].flatMap((from) => {
    const files = sources.filter((source) => layerOf(source) === from);
    return evenParts(files, Math.ceil(files.length / mostSources)).map((part, i) => ({
      name: `${from.replaceAll('/', '_')}_${i + 1}`,
      sources: part,
    }));
  });
}

/**
 * Writes the units of `sources`, paths relative to the root, into `folder`, an absolute path.
 * Returns them in order: the absolute `file`, and its `sources`. A unit is written only when it
 * changes; a single source is its own unit.
 */
export function unitsOf(sources, folder) {
  return groupsOf(sources).map(({ name, sources: group }) => {
    if (group.length === 1) return { file: join(root, group[0]), sources: group };
    const file = join(folder, `${name}.cc`);
    writeIfChanged(file, group.map((source) => includeOf(source, file)).join(''));
    return { file, sources: group };
  });
}

function evenParts(items, count) {
  const startOf = (part) => Math.round((part * items.length) / count);
  return Array.from({ length: count }, (_, part) => items.slice(startOf(part), startOf(part + 1)));
}

function includeOf(source, unit) {
  const path = relative(dirname(unit), join(root, source)).split(sep).join('/');
  return `#include "${path}"\n`;
}

function writeIfChanged(file, text) {
  if (textOf(file) === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
