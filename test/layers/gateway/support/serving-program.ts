// A program of tests that serves the thermostat on the bus that its argument names, until it is
// killed. It tells its parent what its methods tell.
import { serve } from 'busbar/rpc';
import { Thermostat, thermostat, values } from './interface.js';

const tell = (news: string) => process.send?.(news);
await serve(process.argv[2] as string, Thermostat, thermostat(tell), {
  ...values,
  label: process.argv[3] ?? 'program',
});
tell('serving');
