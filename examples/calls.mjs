// Calls: results, typed errors, deadlines, properties, signals, and a server that is killed.
import { fork } from 'node:child_process';
import { all, connect, isError, serve } from 'busbar/rpc';
import { Thermostat } from './interfaces/thermostat.mjs';

const [, , bus = `calls-${process.pid}`, label] = process.argv;

if (label === undefined) await client();
else await server();

async function server() {
  const service = await serve(
    bus,
    Thermostat,
    {
      setTarget({ celsius }, call) {
        if (celsius > 30) throw call.error('OutOfRange', { min: 5, max: 30 });
        service.target = celsius;
        if (celsius > 25) service.emit.overheated({ celsius });
        return true;
      },
      // Never returns by itself; ends when nobody waits for it any more.
      hold: ({ minutes }, call) =>
        new Promise((_resolve, reject) => {
          process.send(minutes);
          call.signal.addEventListener('abort', () => reject(call.signal.reason));
        }),
      *history({ count }) {
        for (let minute = 0; minute < count; minute++) yield { minute, celsius: 20 };
      },
      import: () => 0,
    },
    { label, properties: { target: 20 } },
  );
}

async function client() {
  const start = (name) => fork(import.meta.filename, [bus, name]);
  const kitchen = start('kitchen');
  const thermostat = await connect(bus, Thermostat);

  console.log('accepted:', await thermostat.setTarget({ celsius: 21 }));
  try {
    await thermostat.setTarget({ celsius: 99 });
  } catch (error) {
    if (isError(Thermostat, 'OutOfRange', error)) console.log('at most', error.data.max);
  }
  await thermostat
    .hold({ minutes: 1 }, { timeout: 100 })
    .catch(({ code }) => console.log('too slow:', code));

  console.log('target:', await thermostat.target.get());
  const { promise, heard } = listening();
  await thermostat.on('overheated', heard).ready;
  await thermostat.setTarget({ celsius: 28 });
  console.log('overheated:', (await promise).celsius);

  const bath = start('bath');
  await thermostat.setTarget({ celsius: 22 }, { to: 'bath' });
  let answers = 0;
  for await (const { value } of all(thermostat).setTarget({ celsius: 22 })) if (value) answers++;
  console.log('all servers:', answers);

  // A call that may have been executed is not sent again, unless its method is idempotent.
  const holding = new Promise((resolve) => {
    kitchen.on('message', (minutes) => minutes === 5 && resolve());
  });
  const lost = thermostat.hold({ minutes: 5 }, { to: 'kitchen' });
  await holding;
  kitchen.kill('SIGKILL');
  await lost.catch(({ code, executed }) => console.log(`killed: ${code}, executed: ${executed}`));
  console.log('the other one:', await thermostat.setTarget({ celsius: 23 }));
  bath.kill();
  await thermostat.close();
}

function listening() {
  let heard;
  const promise = new Promise((resolve) => {
    heard = resolve;
  });
  return { promise, heard };
}
