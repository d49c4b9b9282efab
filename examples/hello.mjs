// Two processes: this one calls a method of the one that it starts.
import { fork } from 'node:child_process';
import { defineInterface, t } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';

const Greeter = defineInterface('com.example.greeter', '1.0', {
  methods: { greet: { args: { name: t.string }, returns: t.string } },
});
const [, , bus = `hello-${process.pid}`, role = 'earth'] = process.argv;

if (role === 'earth') {
  const moon = fork(import.meta.filename, [bus, 'moon']);
  const greeter = await connect(bus, Greeter);
  // Waits until a process serves the interface.
  console.log(await greeter.greet({ name: 'earth' }));
  moon.kill();
  await greeter.close();
} else {
  await serve(bus, Greeter, { greet: ({ name }) => `the moon greets ${name}` });
}
