// Passes the page its end of the port. The preload of a sandboxed page can load neither modules nor
// native code, and only postMessage takes a port across contextBridge.
const { ipcRenderer } = require('electron');

ipcRenderer.once('desk', (event) => window.postMessage('desk', '*', event.ports));
