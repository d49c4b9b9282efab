// A heating, and a display that uses it: system.mjs MODULE (serve|use) BUS. Each part works with the
// parts in other languages, and with the interface by hand or generated.
import { connect, isError, serve } from 'busbar/rpc';

const [, , module = '', role = '', bus = ''] = process.argv;
// A program of its own would write: import { Heating } from './heating.js';
const { Heating } = await import(module);
const newYear = Date.UTC(2026, 0, 1);

async function serveRoom() {
  const service = await serve(
    bus,
    Heating,
    {
      setTarget({ celsius, mode }, call) {
        if (celsius < 5 || celsius > 30) throw call.error('OutOfRange', { min: 5, max: 30 });
        service.target = celsius;
        if (celsius > 28) service.emit.overheated({ celsius });
        return mode !== 'eco';
      },
      *history({ count }) {
        for (let minute = 0; minute < count; minute++) {
          yield { at: new Date(newYear + minute * 60_000), celsius: 20 + minute / 2 };
        }
      },
      async calibrate(_, call) {
        let [sum, count] = [0, 0];
        for await (const { celsius } of call.input) {
          sum += celsius - 20;
          count++;
        }
        return sum / count;
      },
    },
    { label: 'kitchen', properties: { target: 20 } },
  );
  console.log('ready');
}

async function useRoom() {
  const heating = await connect(bus, Heating);
  console.log(`on: ${await heating.setTarget({ celsius: 21 })}`);
  console.log(`eco: ${await heating.setTarget({ celsius: 19, mode: 'eco' })}`);
  try {
    await heating.setTarget({ celsius: 31 });
  } catch (error) {
    if (!isError(Heating, 'OutOfRange', error)) throw error;
    console.log(`refused: ${error.data.min} to ${error.data.max}`);
  }
  for await (const { at, celsius } of heating.history({ count: 2 })) {
    console.log(`${at.toISOString().slice(11, 16)} ${celsius.toFixed(1)}`);
  }
  const measured = [20.5, 21].map((celsius) => ({ at: new Date(newYear), celsius }));
  console.log(`deviation: ${await heating.calibrate(measured)}`);
  console.log(`target: ${await heating.target.get()}`);
  let listening;
  const overheated = new Promise((resolve) => {
    listening = heating.on('overheated', resolve);
  });
  await listening.ready;
  await heating.setTarget({ celsius: 29 });
  console.log(`overheated: ${(await overheated).celsius}`);
  await heating.close();
}

await (role === 'serve' ? serveRoom() : useRoom());
