#!/usr/bin/env node
// The program `busbar`.
import { createRequire } from 'node:module';
import { cacheCode } from './code-cache.js';

type Program = typeof import('./process-output.js') & typeof import('./run.js');

// Before anything else is loaded, which could not be cached any more.
cacheCode();
// All modules of the program in one file: scripts/build/link-command.mjs makes it.
const { processOutput, run } = createRequire(import.meta.url)('./program.cjs') as Program;

const { output, closed } = processOutput();
const code = await run(process.argv.slice(2), output);
// Who reads no further has what they want: not a failure.
process.exitCode = closed() ? 0 : code;
