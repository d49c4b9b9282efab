// `npm run release` makes all that a release consists of, in build/release, and publishes nothing:
// the package, a list of what it depends on (SBOM, CycloneDX) and the SHA-256 of both. It fails if
// the versions of the parts differ, if the changelog has nothing of this version, or if the package
// has a file too many or too few. Run `npm run prebuild:all` and `npm run compile` first.
//
// `npm run release -- --publish` does the same in a clean checkout of the version's tag, and then
// publishes that package with its provenance, which npm attests where it runs in a public CI.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installed, root, run } from '../lib/project.mjs';
import { allowed, mostPackedBytes, required } from './contents.mjs';

const { values: options } = parseArgs({
  options: { publish: { type: 'boolean', default: false } },
});
const folder = join(root, 'build', 'release');
const read = (file) => readFileSync(join(root, file), 'utf8');
const said = (program, args) => execFileSync(program, args, { cwd: root, encoding: 'utf8' });
const npm = (...args) => said(process.execPath, [process.env.npm_execpath, ...args]);
const problems = [];
const must = (holds, problem) => {
  if (!holds) problems.push(problem);
};

const { version, exports, bin } = JSON.parse(read('package.json'));
checkVersions();
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const [packed] = JSON.parse(
  npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder),
);
checkContents(packed);
if (options.publish) checkTag();
if (problems.length > 0) {
  for (const problem of problems) console.error(`not as it has to be: ${problem}`);
  process.exit(1);
}
const sbom = `busbar-${version}.cdx.json`;
writeFileSync(join(folder, sbom), bill());
const sums = [packed.filename, sbom].map((name) => `${digest(name)}  ${name}\n`).join('');
writeFileSync(join(folder, 'SHA256SUMS'), sums);
console.log(`${packed.filename}: ${packed.files.length} files, ${packed.size} bytes\n${sums}`);
if (options.publish) {
  const archive = join(folder, packed.filename);
  run(process.execPath, [process.env.npm_execpath, 'publish', archive, '--provenance']);
} else {
  console.log('nothing was published: npm run release -- --publish');
}

// The parts of a release have one version, and the changelog says what is in it.
function checkVersions() {
  const python = /^version = "(.*)"$/m.exec(read('python/pyproject.toml'))?.[1];
  must(python === version, `python/pyproject.toml has version ${python}, not ${version}`);
  const lock = JSON.parse(read('package-lock.json')).version;
  must(lock === version, `package-lock.json has version ${lock}, not ${version}`);
  const heading = new RegExp(`^## ${version.replaceAll('.', '\\.')} \\((.+)\\)$`, 'm');
  const [, date] = heading.exec(read('CHANGELOG.md')) ?? [];
  must(date !== undefined, `CHANGELOG.md has no section "## ${version} (date)"`);
  must(!options.publish || date !== 'unreleased', `CHANGELOG.md says ${version} is unreleased`);
}

function checkContents({ files, size }) {
  const paths = new Set(files.map(({ path }) => path));
  const entries = Object.values(exports).flatMap((entry) =>
    (typeof entry === 'string' ? [entry] : Object.values(entry)).map((each) => each.slice(2)),
  );
  for (const path of [...required, ...entries, ...Object.values(bin)]) {
    must(paths.has(path), `${path} is missing in the package`);
  }
  for (const path of paths) {
    must(
      allowed.some((pattern) => pattern.test(path)),
      `${path} does not belong into the package`,
    );
  }
  must(size <= mostPackedBytes, `the package has ${size} bytes, more than ${mostPackedBytes}`);
}

function checkTag() {
  must(said('git', ['status', '--porcelain']) === '', 'there are changes that are not committed');
  const tags = said('git', ['tag', '--points-at', 'HEAD']).split('\n');
  must(tags.includes(`v${version}`), `this commit is not tagged v${version}`);
}

// What is installed with the package, and what it was built from.
function bill() {
  const made = JSON.parse(
    npm('sbom', '--package-lock-only', '--omit=dev', '--omit=peer', '--sbom-format=cyclonedx'),
  );
  // npm calls it by the folder.
  made.metadata.component.name = 'busbar';
  const headers = JSON.parse(readFileSync(installed('node-addon-api/package.json'), 'utf8'));
  made.components.push({
    'bom-ref': `node-addon-api@${headers.version}`,
    type: 'library',
    name: 'node-addon-api',
    version: headers.version,
    // Headers, compiled into the binaries.
    scope: 'required',
    purl: `pkg:npm/node-addon-api@${headers.version}`,
    licenses: [{ license: { id: headers.license } }],
  });
  return `${JSON.stringify(made, undefined, 2)}\n`;
}

function digest(name) {
  return createHash('sha256')
    .update(readFileSync(join(folder, name)))
    .digest('hex');
}
