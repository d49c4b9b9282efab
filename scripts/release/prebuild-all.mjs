// Makes every prebuilt binary of the package, on Linux x64:
// prebuilds/<platform>-<arch>/busbar[.<libc>].node. Checks that each is for its machine, needs only
// libraries that its system has, and is small.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, run } from '../lib/project.mjs';
import { toolchains } from '../lib/toolchains.mjs';

/** Of the code for one kind of machine. */
const mostBytes = 1_000_000;

/** The expected output of `objdump`: a binary's format, and the libraries that it needs. */
const expected = {
  'linux-x64/busbar.glibc.node': {
    format: 'file format elf64-x86-64',
    libraries: /^(?:lib(?:c|m|stdc\+\+|gcc_s)\.so\.6|libgcc_s\.so\.1|ld-linux-x86-64\.so\.2)$/,
  },
  'linux-x64/busbar.musl.node': { format: 'file format elf64-x86-64', libraries: /^libc\.so$/ },
  'linux-arm64/busbar.glibc.node': {
    format: 'file format elf64-littleaarch64',
    libraries: /^(?:lib(?:c|m|stdc\+\+)\.so\.6|libgcc_s\.so\.1|ld-linux-aarch64\.so\.1)$/,
  },
  'darwin-x64+arm64/busbar.node': {
    format: 'nfat_arch 2',
    libraries: /^\/usr\/lib\/(?:libc\+\+\.1|libSystem\.B)\.dylib$/,
  },
  // The addon finds Node itself, without the loader.
  'win32-x64/busbar.node': {
    format: 'file format coff-x86-64',
    libraries: /^(?:KERNEL32|ADVAPI32|WS2_32|bcrypt|msvcrt|USER32|ntdll)\.dll$/i,
  },
};

function check(file) {
  const path = join(root, 'prebuilds', file);
  const { format, libraries } = expected[file];
  const question = file.startsWith('darwin')
    ? ['--macho', '--arch=all', '--universal-headers', '--dylibs-used']
    : ['-p'];
  const said = execFileSync('llvm-objdump-14', [...question, path], { encoding: 'utf8' });
  // A library for macOS also lists its own name, as the one to load it by.
  const names = said.matchAll(/(?:NEEDED|DLL Name:)\s+(\S+)|^\t(\/\S+) \(compatibility/gmu);
  const needed = [...new Set([...names].map(([, name, path]) => name ?? path))];
  const strange = needed.filter((name) => !libraries.test(name));
  const { size } = statSync(path);
  console.log(`${file}: ${size} bytes, ${needed.join(' ')}`);
  if (!said.includes(format)) throw new Error(`${file} is not ${format}`);
  if (strange.length > 0) throw new Error(`${file} asks for ${strange.join(', ')}`);
  const machines = Number(/^nfat_arch (\d)/.exec(format)?.[1] ?? 1);
  if (size > mostBytes * machines) {
    throw new Error(`${file} is larger than ${mostBytes} bytes for each of ${machines} machines`);
  }
}

function put(made, prebuild) {
  const place = join(root, 'prebuilds', prebuild);
  mkdirSync(dirname(place), { recursive: true });
  copyFileSync(made, place);
}

rmSync(join(root, 'prebuilds'), { recursive: true, force: true });
run(process.execPath, ['scripts/release/prebuild.mjs']);
for (const [name, { prebuild }] of Object.entries(toolchains)) {
  // Halves of a file, which are joined below.
  if (prebuild === undefined) continue;
  run(process.execPath, ['scripts/build/cross.mjs', name, 'addon']);
  put(join(root, 'build', name, 'busbar.node'), prebuild);
}
run(process.execPath, ['scripts/check/macos.mjs', 'build']);
put(join(root, 'build', 'darwin-x64+arm64', 'busbar.node'), 'darwin-x64+arm64/busbar.node');
for (const file of Object.keys(expected)) check(file);
