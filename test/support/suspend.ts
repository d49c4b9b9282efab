// Stops a process and lets it continue, by signals where the system has them. Does nothing to one
// that has ended.
import { type ChildProcess, execFileSync } from 'node:child_process';

/** Uses the program of test/tools, which ends when it is done. */
function suspendProcess(what: 'stop' | 'go', child: ChildProcess): void {
  const tool = process.env.BUSBAR_SUSPEND_PROCESS ?? '';
  if (child.exitCode === null && child.signalCode === null)
    execFileSync(tool, [what, String(child.pid)]);
}

const onWindows = process.platform === 'win32';

export function stopProcess(child: ChildProcess): void {
  if (onWindows) suspendProcess('stop', child);
  else child.kill('SIGSTOP');
}

export function continueProcess(child: ChildProcess): void {
  if (onWindows) suspendProcess('go', child);
  else child.kill('SIGCONT');
}
