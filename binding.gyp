# What node-gyp compiles from which folder. It selects the platform here, as native/CMakeLists.txt
# and scripts/lib/project.mjs do for other builds: no portable file asks where it runs.
#
#   busbar_core   static: native/base, native/core and the platform folder
#   busbar        the addon: native/node on top of busbar_core
#   busbar_c      the shared library for C and C++: native/ffi on top of it; see native/CMakeLists.txt, too
#   core_tests    program, only with native_tests=1: test/native on top of busbar_core and native/loopback
#
# Sources are found by scripts/build/list-sources.mjs, so a new file needs no entry here, and flags
# are those of scripts/lib/compiler-flags.mjs, as far as gyp has no names of its own for them.
# scripts/build/native.mjs configures again when either has changed.
{
  'variables': {
    'native_tests%': 0,
    'conditions': [
      ['OS=="linux"', {'platform_folders': 'native/posix native/linux'}],
      ['OS=="win"', {'platform_folders': 'native/windows'}],
      ['OS=="mac"', {'platform_folders': 'native/posix native/macos'}],
    ],
  },
  'target_defaults': {
    'include_dirs': ['native'],
    'conditions': [
      ['OS=="linux"', {
        'cflags!': ['-O3'],
        'cflags': ['-fPIC'],
        # Node's own headers choose a standard of their time; ours is C++20 under every Node.
        'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
        'cflags_cc': ['<!@(node scripts/build/print-flags.mjs language optimized released)'],
        'conditions': [
          ['target_arch=="x64" and clang==0', {
            'cflags_cc': ['<!@(node scripts/build/print-flags.mjs gccX64)'],
          }],
        ],
      }],
      ['OS=="mac"', {
        'xcode_settings': {
          'CLANG_CXX_LANGUAGE_STANDARD': '<!(node scripts/build/print-flags.mjs standard)',
          'GCC_ENABLE_CPP_EXCEPTIONS': 'NO',
          'GCC_ENABLE_CPP_RTTI': 'NO',
          'GCC_OPTIMIZATION_LEVEL': '2',
          'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
          'GCC_TREAT_WARNINGS_AS_ERRORS': 'YES',
          'MACOSX_DEPLOYMENT_TARGET': '<!(node scripts/build/print-flags.mjs oldestMacos)',
          'WARNING_CFLAGS': ['<!@(node scripts/build/print-flags.mjs warnings)'],
        },
      }],
      ['OS=="win"', {
        'defines': ['NOMINMAX', 'WIN32_LEAN_AND_MEAN', 'UNICODE', '_HAS_EXCEPTIONS=0'],
        'msvs_settings': {
          'VCCLCompilerTool': {
            'AdditionalOptions': [
              '/std:<!(node scripts/build/print-flags.mjs standard)', '/W4', '/WX', '/utf-8',
            ],
            'ExceptionHandling': 0,
            'RuntimeTypeInfo': 'false',
          },
        },
      }],
    ],
  },
  'targets': [
    {
      'target_name': 'busbar_core',
      'type': 'static_library',
      'sources': [
        '<!@(node scripts/build/list-sources.mjs native/base native/core <(platform_folders))',
      ],
    },
    {
      # The library for C and C++, which knows nothing of Node: build/Release/ffi/libbusbar.so.
      'target_name': 'busbar_c',
      'type': 'shared_library',
      'product_name': 'busbar',
      'product_prefix': 'lib',
      'product_dir': '<(PRODUCT_DIR)/ffi',
      'dependencies': ['busbar_core'],
      'defines': ['<!@(node scripts/build/print-flags.mjs libraryDefinitions)'],
      'sources': ['<!@(node scripts/build/list-sources.mjs native/ffi)'],
      'conditions': [
        ['OS=="linux"', {
          'ldflags': [
            '-Wl,--version-script=<(module_root_dir)/native/ffi/exports.map', '-Wl,--no-undefined',
          ],
          'libraries': ['-pthread'],
        }],
      ],
    },
    {
      'target_name': 'busbar',
      'dependencies': ['busbar_core'],
      'sources': ['<!@(node scripts/build/list-sources.mjs native/node)'],
      'defines': ['<!@(node scripts/build/print-flags.mjs addonDefinitions)'],
      'conditions': [
        # -isystem: warnings in other people's headers are not ours to fix.
        ['OS=="win"', {
          'include_dirs': ['<!(node scripts/build/addon-api-include.mjs)'],
        }, {
          'cflags_cc': ['-isystem', '<!(node scripts/build/addon-api-include.mjs)'],
          'xcode_settings': {
            'OTHER_CPLUSPLUSFLAGS': ['-isystem', '<!(node scripts/build/addon-api-include.mjs)'],
          },
        }],
      ],
    },
  ],
  'conditions': [
    ['native_tests==1', {
      'targets': [
        {
          'target_name': 'core_tests',
          'type': 'executable',
          'dependencies': ['busbar_core'],
          'include_dirs': ['test/native'],
          'sources': ['<!@(node scripts/build/list-sources.mjs test/native native/loopback)'],
        },
      ],
    }],
  ],
}
