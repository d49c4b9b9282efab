// The app: windows whose pages call the main process, and a utility process that paints for them.
//
//   page (sandboxed) ── MessagePort ── main process ── bus ── painter (utility process)
//       Desk's client       Desk's server, Painter's client       Painter's server
import { fileURLToPath } from 'node:url';
import { connect } from 'busbar/rpc';
import { app, BrowserWindow, MessageChannelMain, utilityProcess } from 'electron';
import { Desks } from './desks.mjs';
import { Painter } from './interfaces.mjs';

const bus = `busbar-electron-example-${process.pid}`;
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

async function openWindow(desks) {
  const window = new BrowserWindow({
    width: 720,
    height: 480,
    webPreferences: { preload: here('preload.cjs'), sandbox: true, contextIsolation: true },
  });
  await window.loadFile(here('page/index.html'));
  const { port1, port2 } = new MessageChannelMain();
  await desks.open(port1);
  window.webContents.postMessage('desk', null, [port2]);
}

async function start() {
  await app.whenReady();
  utilityProcess.fork(here('painter.mjs'), [bus], { stdio: 'inherit' });
  // Calls wait until the painter is there.
  const desks = new Desks(await connect(bus, Painter));
  await Promise.all([openWindow(desks), openWindow(desks)]);
}

app.on('window-all-closed', () => app.quit());
start().catch((error) => {
  console.error(error);
  app.exit(1);
});
