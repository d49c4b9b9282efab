// Shows the painter's pictures, sets its speed, and talks to the other windows. Bundled by esbuild:
// `busbar/rpc/message-port` uses nothing of Node or Electron.
import { connect } from 'busbar/rpc/message-port';
import { Desk } from '../interfaces.mjs';

const element = (id) => document.getElementById(id);
const context = document.querySelector('canvas').getContext('2d');

const port = await new Promise((resolve) => {
  addEventListener('message', (event) => {
    if (event.source === window && event.data === 'desk') resolve(event.ports[0]);
  });
});
const desk = await connect(port, Desk);

element('speed').addEventListener('input', (event) => {
  desk.setSpeed({ step: Number(event.target.value) }).catch(console.error);
});
element('greet').addEventListener('click', () => {
  desk.greet({ text: `hello at ${new Date().toLocaleTimeString()}` }).catch(console.error);
});
desk.on('greeted', ({ text }) => {
  element('said').value = text;
});

for await (const { number, width, height, pixels } of desk.pictures()) {
  context.putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0);
  element('number').value = number;
}
