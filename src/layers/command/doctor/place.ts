// Findings about this machine and user: versions, limits, the runtime directory.
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { RuntimeDirectory } from '../system/bus-names.js';
import { descriptorsOf } from '../system/processes.js';
import { version } from '../version.js';
import type { Finding } from './finding.js';

/** Fewer descriptors than these are few for a bus: an endpoint takes seven, a link two at each end. */
const fewDescriptors = 1024;
/** Less of the memory than this part is little. */
const littleMemory = 0.05;

/** The versions of what runs here. */
export function versions(): Finding {
  const { versions: node, platform, arch } = process;
  const text = `busbar ${version()}, Node ${node.node}, ${platform} ${arch}, ${release()}`;
  return { level: 'ok', check: 'versions', text };
}

/** Descriptors and memory of this process and machine. */
export function limits(): readonly Finding[] {
  const own = descriptorsOf(process.pid);
  const found: Finding[] = [];
  if (own !== undefined) {
    const text = `a process of this shell may have ${own.most} descriptors`;
    found.push(
      own.most < fewDescriptors
        ? {
            level: 'warning',
            check: 'descriptors',
            text: `${text}, and each link takes two`,
            cure: `ulimit -n ${fewDescriptors * 4} before the members are started`,
          }
        : { level: 'ok', check: 'descriptors', text },
    );
  }
  const memory = memoryIn(read('/proc/meminfo') ?? '');
  return memory === undefined ? found : [...found, memory];
}

/** What a text of the form of /proc/meminfo says. */
export function memoryIn(text: string): Finding | undefined {
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN);
  const [total, available, shared] = ['MemTotal', 'MemAvailable', 'Shmem'].map(kilobytes);
  if (total === undefined || available === undefined || !(total > 0)) return undefined;
  const gigabytes = (value = 0) => `${(value / 2 ** 20).toFixed(1)} GiB`;
  const words =
    `${gigabytes(available)} of ${gigabytes(total)} memory is available, ` +
    `${gigabytes(shared)} is shared memory`;
  if (available / total >= littleMemory) return { level: 'ok', check: 'memory', text: words };
  return {
    level: 'warning',
    check: 'memory',
    text: `${words}: messages may fail with ERR_BUSBAR_OUT_OF_MEMORY`,
    cure: 'end what needs much, or lower queueBytes and ringBytes of members',
  };
}

/** The directory that the names of buses lie in. */
export function directories({ session, names }: RuntimeDirectory): readonly Finding[] {
  const found: Finding[] = [];
  if (session?.problem !== undefined) {
    const isMode = session.problem.startsWith('it has mode');
    found.push({
      level: 'warning',
      check: 'directory',
      text:
        `XDG_RUNTIME_DIR is ${session.path} and not used, because ${session.problem}; ` +
        `${names.path} is used, which processes with another environment do not see`,
      cure: isMode
        ? `chmod 700 ${session.path}`
        : 'set XDG_RUNTIME_DIR to a directory of this user',
    });
  }
  if (names.problem === undefined) {
    found.push({
      level: 'ok',
      check: 'directory',
      text: `buses have their names in ${names.path}`,
    });
  } else if (names.missing) {
    found.push({ level: 'ok', check: 'directory', text: `${names.path} will be made when needed` });
  } else {
    const isMode = names.problem.startsWith('it has mode');
    found.push({
      level: 'problem',
      check: 'directory',
      text: `nobody can join: ${names.path} cannot be used, because ${names.problem}`,
      cure: isMode
        ? `chmod 700 ${names.path}`
        : `remove ${names.path}; the next member makes it as it has to be`,
    });
  }
  return found;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
