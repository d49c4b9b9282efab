// The cache of compiled code that newer versions of Node have (22.1): a command that was run before
// starts without compiling. In a folder of the user, since code of others must not get in.
import module from 'node:module';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

interface Caching {
  readonly enableCompileCache?: (folder: string) => unknown;
}

/** Uses the cache from now on, if there is one. `NODE_COMPILE_CACHE` and its sibling go first. */
export function cacheCode(env: NodeJS.ProcessEnv = process.env): void {
  const { enableCompileCache } = module as Caching;
  if (enableCompileCache === undefined || env.NODE_DISABLE_COMPILE_CACHE !== undefined) return;
  enableCompileCache(env.NODE_COMPILE_CACHE ?? join(cacheFolder(env), 'busbar', 'code'));
}

function cacheFolder({ XDG_CACHE_HOME, LOCALAPPDATA }: NodeJS.ProcessEnv): string {
  // The specification of XDG: a relative path is not valid.
  if (XDG_CACHE_HOME !== undefined && isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME;
  return process.platform === 'win32' && LOCALAPPDATA ? LOCALAPPDATA : join(homedir(), '.cache');
}
