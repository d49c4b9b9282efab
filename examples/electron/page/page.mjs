// Shows the painter's pictures, sets its speed, and talks to the other windows.
import { BusClient } from '../bridge/bus-client.mjs';

const element = (id) => document.getElementById(id);
const context = document.querySelector('canvas').getContext('2d');

const port = await new Promise((resolve) => {
  addEventListener('message', (event) => {
    if (event.source === window && event.data === 'bus') resolve(event.ports[0]);
  });
});
const bus = new BusClient(port);

element('speed').addEventListener('input', (event) => {
  bus.send('painter', { step: Number(event.target.value) }).catch(console.error);
});
element('greet').addEventListener('click', () => {
  bus.send('windows', { text: `hello at ${new Date().toLocaleTimeString()}` }).catch(console.error);
});

for await (const { payload, regions } of bus) {
  if (regions.length === 0) {
    element('said').value = payload.text;
    continue;
  }
  const pixels = new Uint8ClampedArray(regions[0]);
  context.putImageData(new ImageData(pixels, payload.width, payload.height), 0, 0);
  element('number').value = payload.number;
}
