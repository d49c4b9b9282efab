// Runs clang-tidy on many files. CLANG_TIDY names another program than the one of version 14.
import { spawn } from 'node:child_process';
import { forEach } from './native-objects.mjs';
import { root } from './project.mjs';

const clangTidy = process.env.CLANG_TIDY ?? 'clang-tidy-14';

/** Resolves with whether all of `files` are clean: `argumentsFor(file)` are its own checks, if any, '--' and its compiler's flags. */
export async function tidyAll(files, argumentsFor) {
  const results = await forEach(files, (file) => tidy(file, argumentsFor(file)));
  const unclean = results.filter(([, clean]) => !clean).length;
  console.log(`clang-tidy: ${files.length} files, ${unclean} with findings`);
  return unclean === 0;
}

/** Resolves with whether `file` is clean; prints what was found in one piece. */
function tidy(file, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(clangTidy, ['--quiet', file, ...args], { cwd: root });
    let output = '';
    const collect = (text) => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) console.error(`${file}\n${output}`);
      resolve(code === 0);
    });
  });
}
