// Findings about the name of a bus that need no answer of any member: who holds it, and where else
// there is one of that name.
import {
  baseName,
  hasName,
  holdersOf,
  knowsNames,
  otherUsersWith,
  type RuntimeDirectory,
} from '../system/bus-names.js';
import { isStopped, processFacts } from '../system/processes.js';
import type { Finding } from './finding.js';

/** The name of a bus, before anybody is asked. */
export interface NameFindings {
  /** Whether there is anybody to ask. */
  readonly isThere: boolean;
  readonly findings: readonly Finding[];
}

/** Looks at a name. */
export function nameOf(bus: string, { names }: RuntimeDirectory): NameFindings {
  if (!knowsNames) return { isThere: true, findings: [] };
  const findings: Finding[] = [];
  let isHeld = false;
  for (const { pid, directory } of holdersOf(baseName(bus))) {
    const facts = processFacts(pid);
    if (facts === undefined) continue;
    const { name } = facts;
    const isHere = directory === names.path;
    isHeld ||= isHere;
    if (isHere && isStopped(facts)) {
      findings.push({
        level: 'problem',
        check: 'controller',
        text: `process ${pid} (${name}), the controller of '${bus}' or a former one, is stopped`,
        cure: `kill -CONT ${pid}, or kill -9 ${pid}`,
        pid,
      });
    }
    if (!isHere) {
      findings.push({
        level: 'warning',
        check: 'name',
        text:
          `process ${pid} (${name}) has another bus named '${bus}', in ` +
          `${directory}; members of one do not see the other`,
        cure: 'start all members with the same XDG_RUNTIME_DIR',
        pid,
      });
    }
  }
  const isThere = hasName(names.path, bus);
  if (isThere && !isHeld) {
    findings.push({
      level: 'note',
      check: 'name',
      text: `the last controller of '${bus}' died and left its name; nobody is there`,
      cure: 'nothing: the next member that joins takes the name',
    });
  } else if (!isThere) {
    findings.push({
      level: 'problem',
      check: 'name',
      text: `nobody is on the bus '${bus}'`,
      cure: 'start a program that joins it, as this user and with this XDG_RUNTIME_DIR',
    });
  }
  for (const user of otherUsersWith(bus)) {
    findings.push({
      level: 'note',
      check: 'user',
      text: `user ${user} has a bus named '${bus}', too; only processes of one user share a bus`,
      cure: 'run what belongs together as one user',
    });
  }
  return { isThere: isThere && isHeld, findings };
}
