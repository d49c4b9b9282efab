// The app: windows whose pages are connected to the bus by a bridge, and a utility process that
// paints for them.
//
//   page (sandboxed) ── MessagePort ── main process ── bus ── painter (utility process)
//                                       one endpoint for each window
import { fileURLToPath } from 'node:url';
import { join, multicast, unicast } from 'busbar';
import { app, BrowserWindow, MessageChannelMain, utilityProcess } from 'electron';
import { serveBus } from './bridge/serve-bus.mjs';

const bus = `busbar-electron-example-${process.pid}`;
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/** All selectors that a page can send to, by the page's names for them. */
const mayReach = {
  painter: unicast('painter'),
  windows: multicast('window', { excludeSelf: true }),
};

async function openWindow() {
  const window = new BrowserWindow({
    width: 720,
    height: 480,
    webPreferences: { preload: here('preload.cjs'), sandbox: true, contextIsolation: true },
  });
  await window.loadFile(here('page/index.html'));
  const endpoint = await join(bus, { label: ['window', `window-${window.id}`] });
  const { port1, port2 } = new MessageChannelMain();
  window.webContents.postMessage('bus', null, [port2]);
  await serveBus(endpoint, port1, { mayReach });
}

function reportFailure(error) {
  console.error(error);
  app.exit(1);
}

app.on('window-all-closed', () => app.quit());
app
  .whenReady()
  .then(() => {
    utilityProcess.fork(here('painter.mjs'), [bus], { stdio: 'inherit' });
    for (const window of [openWindow(), openWindow()]) window.catch(reportFailure);
  })
  .catch(reportFailure);
