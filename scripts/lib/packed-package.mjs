// The package as it would be published, in a project of its own: packed, and installed without
// install scripts, as careful users do.
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './project.mjs';

/** Milliseconds for a program of a project: a generous deadline, not a measurement. */
export const timeout = 600_000;

/**
 * Makes an empty project in a new folder and installs `others` and the package, as packed in
 * `from`. npm runs `prepare` before packing only if `prepare` is true. Returns the project's
 * folder.
 */
export function projectWithPackage({ from = root, prepare = false, others = [] } = {}) {
  const project = mkdtempSync(join(tmpdir(), 'busbar-project-'));
  const scripts = prepare ? [] : ['--ignore-scripts'];
  npm(['pack', '--silent', ...scripts, '--pack-destination', project], {
    cwd: from,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const archive = readdirSync(project).find((name) => name.endsWith('.tgz'));
  if (archive === undefined) throw new Error('npm pack left no archive');
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  const packages = [`./${archive}`, ...others];
  // With this PATH the installation finds no compiler, nor any other program.
  const env = others.length > 0 ? process.env : { ...process.env, PATH: project };
  npm(['install', '--silent', '--ignore-scripts', '--no-audit', ...packages], {
    cwd: project,
    env,
  });
  return project;
}

// The npm that runs this script, by the path in its environment: on Windows, 'npm' itself is not a
// program.
function npm(args, options) {
  run(process.execPath, [process.env.npm_execpath, ...args], options);
}
