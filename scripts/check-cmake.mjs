// Builds and installs the C library by CMake into an empty folder, shared and static, and compiles a program against it as
// a user would: by its CMake package, and by pkg-config. Checks that nothing but the C interface is exported.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './project.mjs';

const folder = mkdtempSync(join(tmpdir(), 'busbar-cmake-'));
const output = (program, args, options = {}) =>
  execFileSync(program, args, { encoding: 'utf8', ...options }).trim();

function fail(message) {
  console.error(message);
  process.exit(1);
}

try {
  for (const shared of ['ON', 'OFF']) {
    const build = join(folder, `build-${shared}`);
    const prefix = join(folder, `installed-${shared}`);
    // File by file once, so that each is known to include what it needs; in units, as CMake makes them, the other time.
    const unity = shared === 'ON' ? 'OFF' : 'ON';
    const options = [
      '-DCMAKE_BUILD_TYPE=Debug',
      `-DBUILD_SHARED_LIBS=${shared}`,
      `-DCMAKE_UNITY_BUILD=${unity}`,
    ];
    run('cmake', [
      '-S',
      join(root, 'native'),
      '-B',
      build,
      `-DCMAKE_INSTALL_PREFIX=${prefix}`,
      ...options,
    ]);
    run('cmake', ['--build', build, '-j', '2']);
    run('cmake', ['--install', build]);

    const user = join(folder, `user-${shared}`);
    const hello = join(root, 'examples', 'c', 'hello.c');
    execFileSync('mkdir', ['-p', user]);
    writeFileSync(
      join(user, 'CMakeLists.txt'),
      [
        'cmake_minimum_required(VERSION 3.18)',
        'project(user C CXX)',
        'find_package(busbar REQUIRED)',
        `add_executable(hello ${hello})`,
        'set_target_properties(hello PROPERTIES C_STANDARD 11)',
        'target_link_libraries(hello PRIVATE busbar::busbar)',
        // The static library is made of C++.
        'set_target_properties(hello PROPERTIES LINKER_LANGUAGE CXX)',
      ].join('\n'),
    );
    run('cmake', ['-S', user, '-B', join(user, 'build'), `-DCMAKE_PREFIX_PATH=${prefix}`]);
    run('cmake', ['--build', join(user, 'build')]);
    // The first on its bus: nobody to greet, and it ends by itself.
    const said = output(join(user, 'build', 'hello'), [`check-cmake-${process.pid}`]);
    if (!said.startsWith('said hello to 0 endpoints')) fail(`hello said: ${said}`);

    const library = readdirSync(join(prefix, 'lib'), { recursive: true }).find((name) =>
      /libbusbar\.so$/.test(String(name)),
    );
    if (shared !== 'ON') continue;
    if (library === undefined) fail('no libbusbar.so was installed');
    const exported = output('nm', ['-D', '--defined-only', join(prefix, 'lib', String(library))]);
    const foreign = exported.split('\n').filter((line) => !/ busbar_[a-z_]+$/.test(line));
    if (foreign.length > 0) fail(`exported beside the C interface:\n${foreign.join('\n')}`);
    const pc = readdirSync(join(prefix, 'lib'), { recursive: true }).find((name) =>
      /busbar\.pc$/.test(String(name)),
    );
    const flags = output('pkg-config', ['--cflags', '--libs', 'busbar'], {
      env: { ...process.env, PKG_CONFIG_PATH: join(prefix, 'lib', String(pc), '..') },
    });
    run(process.env.CC ?? 'cc', [
      '-std=c11',
      hello,
      '-o',
      join(user, 'hello'),
      ...flags.split(/\s+/),
    ]);
  }
  console.log('the C library builds, installs and links by CMake and pkg-config');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
