// The flags of the C++ compilers, stated once. Scripts import them, binding.gyp takes them from
// scripts/build/print-flags.mjs, and native/CMakeLists.txt, which works without Node, repeats what
// test/compiler-flags.test.ts compares. bench/ has its own, as a user of the package.

/** As compilers name it; CMake takes the number alone. */
export const standard = 'c++20';

/** The language of all C++ here, whatever reads it: a compiler or clang-tidy. */
export const language = [`-std=${standard}`, '-fno-exceptions', '-fno-rtti'];

export const warnings = ['-Wall', '-Wextra'];

export const visibility = ['-fvisibility=hidden', '-fvisibility-inlines-hidden'];

export const optimized = ['-O2'];

/** For binaries that users run: optimized for speed, or for size where a toolchain says so. */
export const released = [...warnings, '-Werror', ...visibility, '-fno-omit-frame-pointer'];

/**
 * For gcc on x86-64, which at -O2 clears and copies structures by string instructions: they take
 * 30 ns to start, a third of what a small message costs.
 */
export const gccX64 = [
  '-mmemset-strategy=unrolled_loop:512:noalign,libcall:-1:noalign',
  '-mmemcpy-strategy=unrolled_loop:512:noalign,libcall:-1:noalign',
];

/**
 * For sanitizers and fuzzers, whose reports are stacks: with the lines of functions. Debug
 * information of variables would take longer to write than the code.
 */
export const traceable = ['-O1', '-g1', '-fno-omit-frame-pointer'];

/**
 * AddressSanitizer, which includes the check of leaks, and UndefinedBehaviorSanitizer; an error
 * ends the program.
 */
export const addressSanitizer = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** For core_tests and the addon under a sanitizer: the core checks which thread calls what. */
export const checked = [...traceable, '-fPIC', '-DBUSBAR_CHECKED'];

/** What the addon is compiled with in addition. */
export const addonDefinitions = [
  'NAPI_VERSION=9',
  'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
  // A worker may be terminated between any two of our calls; an exception that can then no longer
  // be thrown is dropped instead of aborting the process.
  'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
];

/** What the shared library for C and C++ is compiled with in addition. */
export const libraryDefinitions = ['BUSBAR_BUILD'];

/** For mingw-w64, whose headers assume an older system: Windows 10. */
export const windowsDefinitions = ['_WIN32_WINNT=0x0A00', 'WINVER=0x0A00'];

/** The oldest macOS that binaries are built for. */
export const oldestMacos = '11.0';

/** The compiler's arguments for `definitions`. */
export const defining = (definitions) => definitions.map((definition) => `-D${definition}`);
