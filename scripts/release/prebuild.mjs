// Makes the binary for this system, which the published package carries: prebuilds/<platform>-<arch>/busbar[.<libc>].node, the
// addon that `npm run compile` builds, stripped. It works in every Node that speaks Node-API 9. npm runs this as a part of `prepare`,
// so that an installation from a git address or a folder has a binary, too. (No script of package.json may be called `build`: npm
// would run this one before it, for its name.)
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, run } from '../lib/project.mjs';

const { platform, arch } = process;
const libc = existsSync('/etc/alpine-release') ? '.musl' : '.glibc';
const file = platform === 'linux' ? `busbar${libc}.node` : 'busbar.node';
const made = join(root, 'prebuilds', `${platform}-${arch}`, file);
/** As each system's `strip` is asked to leave only what the loader needs. */
const strip = { linux: ['--strip-all'], darwin: ['-Sx'] }[platform];

run(process.execPath, ['scripts/build/native.mjs', 'busbar']);
mkdirSync(dirname(made), { recursive: true });
copyFileSync(join(root, 'build', 'Release', 'busbar.node'), made);
if (strip !== undefined) run('strip', [...strip, made]);
