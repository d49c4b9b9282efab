// Hands the page its end of the bridge. The preload of a sandboxed page can load neither modules nor native code, and
// a port passes contextBridge only by postMessage.
const { ipcRenderer } = require('electron');

ipcRenderer.once('bus', (event) => window.postMessage('bus', '*', event.ports));
