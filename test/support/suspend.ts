// Stopping a process and letting it go on, as signals do where there are some. One that has ended is left alone.
import { type ChildProcess, execFileSync } from 'node:child_process';

/** By the program of test/tools, which has done it when it ends. */
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
