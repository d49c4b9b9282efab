// A small house that the command line looks at: a thermostat, a panel, a sensor, a display. With the
// argument `stay` it goes on until it is interrupted, for you to try the commands of the guide.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { join, messageBox, messageType } from 'busbar';
import { handle } from 'busbar/handlers';
import { defineInterface, t } from 'busbar/interface';
import { serve } from 'busbar/rpc';
import { Thermostat } from './interfaces/thermostat.mjs';

const stays = process.argv[2] === 'stay';
const bus = stays ? 'house' : `house-${process.pid}`;

const service = await serve(
  bus,
  Thermostat,
  {
    setTarget({ celsius }, call) {
      if (celsius > 30) throw call.error('OutOfRange', { min: 5, max: 30 });
      service.target = celsius;
      return true;
    },
    hold: () => new Promise(() => undefined),
    *history({ count }) {
      for (let minute = 0; minute < count; minute++) yield { minute, celsius: 20 };
    },
    async import(_, call) {
      let sum = 0;
      for await (const each of call.input) sum += each;
      return sum;
    },
  },
  { label: 'kitchen', properties: { target: 20 } },
);
const Panel = defineInterface('com.example.panel', '1.0', {
  methods: { warmer: { args: { by: t.f64 }, returns: t.f64 } },
});
const warmer = async ({ by }, call) => {
  const thermostat = call.client(Thermostat);
  const celsius = (await thermostat.target.get()) + by;
  await thermostat.setTarget({ celsius });
  return celsius;
};
await serve(bus, Panel, { warmer }, { label: 'panel' });
const box = messageBox({ Reading: messageType('com.example.reading') });
const table = { Reading: () => box.Reading({ shown: true }) };
await handle(bus, box, table, { label: 'display', inspectable: true });
const sensor = await join(bus, { label: ['sensor', 'kitchen'], messages: box });
sensor.on('message', () => undefined);
setInterval(() => sensor.send('display', box.Reading({ celsius: 21.5 })), 200);

if (!stays) {
  for (const line of await busbar('ls')) console.log(line.label[0], line.state);
  const [called] = await busbar('call', 'thermostat.setTarget', 'celsius=21');
  console.log('called:', called.value);
  const [seen] = await busbar('tap', '--count', '1', '--where', 'celsius > 20');
  console.log('seen:', seen.payload, 'from', seen.from.label[0]);
  process.exit();
}

// A program reads the lines of --json. A shell of yours has `npx busbar` for the file.
async function busbar(...args) {
  const program = new URL('./layers/command/main.js', import.meta.resolve('busbar'));
  const all = [fileURLToPath(program), ...args, '--bus', bus, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, all);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
