// Killed receivers again, where V8 may not be given memory that is shared with senders, as in
// Electron.
import './support/forbid-views.js';
import './killed-receivers.test.js';
