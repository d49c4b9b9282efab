// Serves over the wire to the process that started it, and ends with it.
import { serveWire, stdio } from 'busbar/wire';
import { Counter, counter, values } from './interface.js';

await serveWire(stdio(), Counter, counter(), values);
if (process.argv[2] === 'prints') {
  console.log('to the console');
  process.stdout.write('to the output\n');
}
