// The programs in C++ that scripts/build/c.mjs has built: by each compiler, or with a sanitizer.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../build/c/', import.meta.url));

/** The folders of build/c whose programs are tested; BUSBAR_CPP_BUILDS names others. */
export const cppBuilds: readonly string[] = (process.env.BUSBAR_CPP_BUILDS ?? 'gcc,clang')
  .split(',')
  .filter((build) => existsSync(`${folder}${build}/codec-cpp`));

/** The path of a program, by the name of its source: `codec.cpp`. */
export function cppProgram(build: string, source: string): string {
  return `${folder}${build}/${source.replace('.', '-')}`;
}
