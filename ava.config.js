import { endWithTests, mark } from './scripts/lib/ava-end.mjs';

endWithTests();

// Child processes rather than worker threads: a crash of the native code then fails one file, not the run.
export default {
  files: ['test-build/**/*.test.js'],
  workerThreads: false,
  concurrency: 2,
  timeout: '120s',
  environmentVariables: mark,
};
