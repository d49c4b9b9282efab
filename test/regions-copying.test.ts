// Runs all tests of regions, registry and objects again with views of shared memory forbidden, as
// in Electron.
import './support/forbid-views.js';
import './regions.test.js';
import './registry.test.js';
import './objects.test.js';
