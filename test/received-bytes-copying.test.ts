// Payloads again, where V8 has to own their memory, as in Electron.
import './support/forbid-views.js';
import './received-bytes.test.js';
import './payload-sizes.test.js';
