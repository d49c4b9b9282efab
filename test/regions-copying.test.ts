// All tests of regions, registry and objects once more where views of shared memory are forbidden, as in Electron.
import './support/forbid-views.js';
import './regions.test.js';
import './registry.test.js';
import './objects.test.js';
