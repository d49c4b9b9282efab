// Makes the binary that is published: prebuilds/<platform>-<arch>/busbar.<libc>.node, stripped, one for
// every Node that speaks Node-API 9. Replaces build/ on its way; the next build configures again.
// (No script of package.json may be called `build`: npm would run this one before it, for its name.)
import { nodePrefixWithHeaders, runInstalled } from './project.mjs';

const prefix = nodePrefixWithHeaders();
const nodedir = prefix === undefined ? {} : { npm_config_nodedir: prefix };
runInstalled('prebuildify/bin.js', ['--napi', '--strip', '--tag-libc'], {
  env: { ...process.env, ...nodedir },
});
