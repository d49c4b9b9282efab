// Makes this system's binary for the published package:
// prebuilds/<platform>-<arch>/busbar[.<libc>].node, the addon of `npm run compile`, stripped. It
// works in every Node with Node-API 9. npm runs this as a part of `prepare`, so that an
// installation from a git address or a folder has a binary, too. (package.json must not have a
// script called `build`: npm would run that one before this.)
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, run } from '../lib/project.mjs';

const { platform, arch } = process;
const libc = existsSync('/etc/alpine-release') ? '.musl' : '.glibc';
const file = platform === 'linux' ? `busbar${libc}.node` : 'busbar.node';
const made = join(root, 'prebuilds', `${platform}-${arch}`, file);
/** The arguments with which each system's `strip` leaves only what the loader needs. */
const strip = { linux: ['--strip-all'], darwin: ['-Sx'] }[platform];

run(process.execPath, ['scripts/build/native.mjs', 'busbar']);
mkdirSync(dirname(made), { recursive: true });
copyFileSync(join(root, 'build', 'Release', 'busbar.node'), made);
if (strip !== undefined) run('strip', [...strip, made]);
