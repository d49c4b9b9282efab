// The rules for includes among the C and C++ sources.
import type { SourceFile } from './files.js';
import { type Include, includesOf } from './imports.js';

const hostHeaders = /^(napi|node_api|js_native_api|node|uv|v8)([-.\w]*\.h|\/.*)$/;
const publicFolder = /^native\/ffi\/include\//;
const publicHeaders = /(^|\/)busbar(_rpc)?\.hp?p?$|^busbar\/\w+\.h(pp)?$/;
/** The moments of calls are those of the wall clock; their deadlines are not. */
const moments = /(busbar\/values\.hpp)$/;
/** A clock that can be set: expiries and deadlines use one that only goes forward. */
const wallClock =
  /system_clock|gettimeofday|CLOCK_REALTIME|GetSystemTime|\btime\((nullptr|NULL|0)\)/;
const systemMacros = /__linux__|_WIN32|_WIN64|_MSC_VER|__APPLE__|__MACH__|__unix__|_POSIX_VERSION/;

interface Layer {
  /** The folders of native/, besides its own, that it may include. */
  readonly folders: readonly string[];
  /** Whether a header may be included between angle brackets. */
  readonly system: (header: string) => boolean;
}

const isStandard = (header: string) => /^[a-z_0-9]+$/.test(header);
const isNotHost = (header: string) => !hostHeaders.test(header);
const anything = () => true;

const core = (...folders: string[]): Layer => ({
  folders: ['base', 'platform', ...folders.map((name) => `core/${name}`)],
  system: isStandard,
});
const system = (...folders: string[]): Layer => ({
  folders: ['base', 'platform', ...folders],
  system: isNotHost,
});

/** From the lowest to the doors; `base` is plain values and pure functions that know no message. */
const layers: Readonly<Record<string, Layer>> = {
  base: { folders: [], system: isStandard },
  platform: { folders: ['base'], system: isStandard },
  loopback: { folders: ['base', 'platform'], system: isStandard },
  posix: system(),
  linux: system('posix'),
  windows: system(),
  macos: system('posix'),
  'core/selector': core(),
  'core/directory': core('selector'),
  'core/control': core('directory', 'selector'),
  'core/ring': core('selector'),
  'core/region': core('ring'),
  'core/link': core('region', 'ring', 'selector'),
  'core/hand_over': core('region', 'ring', 'selector'),
  'core/controller': core('hand_over', 'control', 'directory', 'region', 'selector'),
  'core/membership': core('controller', 'control', 'directory', 'selector'),
  'core/endpoint': core(
    ...['membership', 'hand_over', 'link', 'region', 'ring', 'directory', 'selector'],
  ),
  node: { folders: ['core', 'base', 'platform'], system: anything },
  ffi: { folders: ['core', 'base', 'platform'], system: isNotHost },
  rpc: { folders: [], system: isNotHost },
};

const portable = /^(base|core|platform)(\/|$)/;
const systems = ['loopback', 'posix', 'linux', 'windows', 'macos'];

/** Judges one file; returns a sentence for each wrong include or system macro. */
export function judgeIncludes(file: SourceFile): string[] {
  const folder = folderOf(file.path);
  if (folder === undefined) return includesOf(file).flatMap(outsideNative);
  const layer = layers[folder];
  if (layer === undefined) return [`native/${folder} has no rule in test/layering/native-rules.ts`];
  const wrong = includesOf(file).flatMap((found) => insideNative(file.path, folder, layer, found));
  if (folder === 'platform' && !file.path.endsWith('.h')) {
    wrong.push('native/platform holds headers only');
  }
  if (portable.test(folder)) wrong.push(...macrosIn(file));
  if (wallClock.test(file.text) && !moments.test(file.path))
    wrong.push('no clock that can be set: Platform::now()');
  return wrong;
}

/** `core/ring` of native/core/ring/record.h, `ffi` of native/ffi/include/busbar.h. */
function folderOf(path: string): string | undefined {
  return /^native\/(core(?:\/[^/]+(?=\/))?|[^/]+)\//.exec(path)?.[1];
}

function insideNative(
  path: string,
  folder: string,
  layer: Layer,
  { header, isSystem }: Include,
): string[] {
  // The calls are built on what C++ programs have.
  if (publicHeaders.test(header) && folder === 'rpc') return [];
  if (publicHeaders.test(header) && folder !== 'ffi') {
    return [`<${header}> belongs to native/ffi, native/rpc and to C programs`];
  }
  if (isSystem)
    return layer.system(header) ? [] : [`native/${folder} must not include <${header}>`];
  if (folder === 'node' && hostHeaders.test(header)) return [];
  // Installed side by side, without the folders above them.
  if (publicFolder.test(path) && publicHeaders.test(header)) return [];
  if (!header.includes('/')) return [`"${header}": write includes from native/ on`];
  if ([folder, ...layer.folders].some((allowed) => header.startsWith(`${allowed}/`))) return [];
  if (systems.includes(folder) && header.startsWith('core/')) {
    return [`native/${folder} never sees a message: "${header}"`];
  }
  return [`native/${folder} must not include "${header}"`];
}

// C++ tests and benchmarks may use every layer but the two doors and their hosts.
function outsideNative({ header }: Include): string[] {
  if (!hostHeaders.test(header) && !/^(node|ffi)\//.test(header)) return [];
  return [`only native/node includes "${header}"`];
}

function macrosIn(file: SourceFile): string[] {
  return file.text
    .split('\n')
    .filter((line) => /^\s*#\s*(el)?if/.test(line) && systemMacros.test(line))
    .map((line) => `the build file selects the platform: ${line.trim()}`);
}
