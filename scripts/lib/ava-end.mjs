// Lets ava end when programs of its tests do not. A test file that takes too long is killed; what it
// has started lives on and holds the file's output open, which ava waits for without limit.
import { readdirSync, readFileSync } from 'node:fs';

/** The variable by which programs that tests have started are known. */
export const mark = { BUSBAR_TEST_RUN: `${process.pid}` };

/** The processes that have the mark in their environment; none where there is no /proc. */
function leftBehind() {
  const [[name, value]] = Object.entries(mark);
  let all = [];
  try {
    all = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  } catch {}
  return all.map(Number).filter((pid) => {
    if (pid === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${name}=${value}`);
    } catch {
      return false; // It has ended, or is another user's.
    }
  });
}

/**
 * Ends this process, and kills what its tests have left behind, if it still runs some seconds after
 * ava has set the exit code, which is the last thing that it does.
 */
export function endWithTests() {
  let turns = 0;
  setInterval(() => {
    if (process.exitCode === undefined || ++turns < 5) return;
    for (const pid of leftBehind()) {
      console.error(`killed, since it outlived its test: process ${pid}`);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {}
    }
    process.exit();
  }, 1000).unref();
}
