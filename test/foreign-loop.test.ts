// Runs all tests that depend on the event loop again as in Bun and Deno, where it is not libuv's.
import './support/foreign-loop.js';
import './backpressure.test.js';
import './close.test.js';
import './deliver.test.js';
import './exits.test.js';
import './join.test.js';
import './liveness.test.js';
import './recv.test.js';
import './registry.test.js';
import './send.test.js';
import './worker.test.js';
