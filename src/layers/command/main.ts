#!/usr/bin/env node
// The program `busbar`.
import { processOutput } from './process-output.js';
import { run } from './run.js';

const { output, closed } = processOutput();
const code = await run(process.argv.slice(2), output);
// Who reads no further has what they want: not a failure.
process.exitCode = closed() ? 0 : code;
