// The rules for includes among the C and C++ sources.
import type { SourceFile } from './files.js';
import { type Include, includesOf } from './imports.js';

// Plain values and pure functions of the core that know no message: all that a platform folder may
// include.
const coreValues = ['status', 'bytes', 'identifier', 'sha256', 'utf8', 'uuid'].map(
  (name) => `core/${name}.h`,
);

const hostHeaders = /^(napi|node_api|js_native_api|node|uv|v8)([-.\w]*\.h|\/.*)$/;
const publicFolder = /^native\/ffi\/include\//;
const publicHeaders = /(^|\/)busbar\.hp?p?$/;
/** A clock that can be set: expiries and deadlines use one that only goes forward. */
const wallClock =
  /system_clock|gettimeofday|CLOCK_REALTIME|GetSystemTime|\btime\((nullptr|NULL|0)\)/;
const systemMacros = /__linux__|_WIN32|_WIN64|_MSC_VER|__APPLE__|__MACH__|__unix__|_POSIX_VERSION/;

interface Layer {
  /**
   * The first folders of allowed includes in quotes; platform folders may also include
   * `coreValues`.
   */
  readonly folders: readonly string[];
  /** Whether a header may be included between angle brackets. */
  readonly system: (header: string) => boolean;
}

const isStandard = (header: string) => /^[a-z_0-9]+$/.test(header);
const isNotHost = (header: string) => !hostHeaders.test(header);
const anything = () => true;

const layers: Readonly<Record<string, Layer>> = {
  core: { folders: ['core', 'platform'], system: isStandard },
  platform: { folders: ['platform'], system: isStandard },
  loopback: { folders: ['loopback', 'platform'], system: isStandard },
  posix: { folders: ['posix', 'platform'], system: isNotHost },
  linux: { folders: ['linux', 'posix', 'platform'], system: isNotHost },
  windows: { folders: ['windows', 'platform'], system: isNotHost },
  macos: { folders: ['macos', 'posix', 'platform'], system: isNotHost },
  node: { folders: ['node', 'core', 'platform'], system: anything },
  ffi: { folders: ['ffi', 'core', 'platform'], system: isNotHost },
};

const seesCoreValues = ['platform', 'loopback', 'posix', 'linux', 'windows', 'macos'];

/** Checks one file; returns a sentence for each wrong include or system macro. */
export function judgeIncludes(file: SourceFile): string[] {
  const folder = /^native\/([^/]+)\//.exec(file.path)?.[1];
  if (folder === undefined) return includesOf(file).flatMap(outsideNative);
  const layer = layers[folder];
  if (layer === undefined) return [`native/${folder} has no rule in test/layering/native-rules.ts`];
  const wrong = includesOf(file).flatMap((found) => insideNative(file.path, folder, layer, found));
  if (folder === 'platform' && !file.path.endsWith('.h')) {
    wrong.push('native/platform holds headers only');
  }
  if (['core', 'platform'].includes(folder)) wrong.push(...macrosIn(file));
  if (wallClock.test(file.text)) wrong.push('no clock that can be set: Platform::now()');
  return wrong;
}

function insideNative(
  path: string,
  folder: string,
  layer: Layer,
  { header, isSystem }: Include,
): string[] {
  if (publicHeaders.test(header) && folder !== 'ffi') {
    return [`<${header}> belongs to native/ffi and to C programs`];
  }
  if (isSystem)
    return layer.system(header) ? [] : [`native/${folder} must not include <${header}>`];
  if (folder === 'node' && hostHeaders.test(header)) return [];
  // Public headers are installed side by side, without their folders.
  if (publicFolder.test(path) && publicHeaders.test(header)) return [];
  if (!header.includes('/')) return [`"${header}": write includes from native/ on`];
  if (layer.folders.includes(header.slice(0, header.indexOf('/')))) return [];
  if (seesCoreValues.includes(folder)) {
    if (coreValues.includes(header)) return [];
    if (header.startsWith('core/')) return [`native/${folder} never sees a message: "${header}"`];
  }
  return [`native/${folder} must not include "${header}"`];
}

// C++ tests and benchmarks may use every layer except the two doors and their hosts.
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
