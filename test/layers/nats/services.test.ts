// Interfaces as services of NATS: any client finds and calls them, in JSON.
import { headers, type NatsConnection } from '@nats-io/transport-node';
import test, { type ExecutionContext } from 'ava';
import { defineInterface, t as type } from 'busbar/interface';
import { bridgeNats } from 'busbar/nats';
import { serve } from 'busbar/rpc';
import { newBus } from '../../support/program.js';
import { turnsUntil } from '../../support/waiting.js';
import { natsServer } from './support/server.js';

const Thermostat = defineInterface('com.example.thermostat', '1.2', {
  methods: {
    double: { args: { value: type.u32 }, returns: type.u32 },
    setTarget: { args: { celsius: type.f64 }, errors: { OutOfRange: { max: type.f64 } } },
    big: { args: { value: type.u64 }, returns: type.u64 },
    count: { args: { to: type.u32 }, stream: type.u32 },
    hold: {},
  },
  properties: { target: { type: type.f64, access: 'read-write' } },
});

async function served(t: ExecutionContext) {
  const server = await natsServer(t);
  if (server === undefined) return undefined;
  const bus = newBus();
  const bridge = await bridgeNats(bus, server.address, { serve: [Thermostat] });
  const service = await serve(
    bus,
    Thermostat,
    {
      double: ({ value }) => 2 * value,
      setTarget: (_args, call) => {
        throw call.error('OutOfRange', { max: 30 });
      },
      big: ({ value }) => value + 1n,
      *count() {
        yield 1;
      },
      hold: () => new Promise(() => undefined),
    },
    { properties: { target: 20 } },
  );
  const client = await server.client();
  t.teardown(async () => {
    await service.close({ linger: 0 });
    await bridge.close({ linger: 0 });
  });
  const prefix = `busbar.${bus}.c.com%2Eexample%2Ethermostat.1`;
  // Its server is known to the bridge a moment later.
  await answered(client, `${prefix}.double`, '{"value":1}');
  return { bus, client, prefix, service, server };
}

/** Asks until somebody answers. */
async function answered(client: NatsConnection, subject: string, payload: string) {
  for (;;) {
    try {
      return await client.request(subject, payload, { timeout: 5000 });
    } catch (error) {
      if (!/no responders/i.test(String(error))) throw error;
    }
  }
}

test('a request in JSON is a call, and its answer is JSON', async (t) => {
  const all = await served(t);
  if (all === undefined) return;
  const { client, prefix } = all;
  const ask = async (member: string, payload: string) =>
    (await client.request(`${prefix}.${member}`, payload)).json();
  t.is(await ask('double', '{"value":21}'), 42);
  t.is(await ask('big', '{"value":"18446744073709551614"}'), '18446744073709551615');
  t.like(await ask('target', ''), { value: 20 });
  await ask('target', '{"value":21.5}');
  t.like(await ask('target', ''), { value: 21.5 });
});

test('errors have their codes in the headers that tools of NATS show', async (t) => {
  const all = await served(t);
  if (all === undefined) return;
  const { client, prefix } = all;
  const ask = async (member: string, payload: string | Uint8Array, timeout?: string) => {
    const own = headers();
    if (timeout !== undefined) own.set('Busbar-Timeout', timeout);
    const answer = await client.request(`${prefix}.${member}`, payload, {
      timeout: 5000,
      headers: own,
    });
    return [
      answer.headers?.get('Nats-Service-Error-Code'),
      (answer.json() as { code?: string }).code,
    ];
  };
  t.deepEqual(await ask('setTarget', '{"celsius":31}'), ['422', 'OutOfRange']);
  t.deepEqual(await ask('double', '{"value":-1}'), ['400', 'INVALID_ARGUMENT']);
  t.deepEqual(await ask('double', '{'), ['400', 'INVALID_ARGUMENT']);
  t.deepEqual(await ask('double', Uint8Array.of(0xff)), ['400', 'INVALID_ARGUMENT']);
  t.deepEqual(await ask('double', '['.repeat(100_000)), ['400', 'INVALID_ARGUMENT']);
  t.deepEqual(await ask('hold', '', '50'), ['504', 'DEADLINE']);
});

test('services are found, described and counted by $SRV', async (t) => {
  const all = await served(t);
  if (all === undefined) return;
  const { client, prefix } = all;
  const name = 'com-example-thermostat';
  const ping = (await client.request('$SRV.PING', '')).json() as Record<string, string>;
  t.like(ping, { type: 'io.nats.micro.v1.ping_response', name, version: '1.2.0' });
  const info = (await client.request(`$SRV.INFO.${name}`, '')).json() as {
    endpoints: { name: string; subject: string }[];
  };
  t.deepEqual(info.endpoints.map((each) => each.name).toSorted(), [
    'big',
    'double',
    'hold',
    'setTarget',
    'target',
  ]);
  t.true(info.endpoints.some(({ subject }) => subject === `${prefix}.double`));
  await client.request(`${prefix}.setTarget`, '{"celsius":1}');
  const stats = (await client.request(`$SRV.STATS.${name}.${ping.id}`, '')).json() as {
    endpoints: { name: string; num_requests: number; num_errors: number; last_error: string }[];
  };
  t.like(
    stats.endpoints.find((each) => each.name === 'setTarget'),
    { num_requests: 1, num_errors: 1, last_error: 'OutOfRange' },
  );
});

test('a service is there while its server is', async (t) => {
  const all = await served(t);
  if (all === undefined) return;
  const { client, prefix, service } = all;
  await service.close();
  let isGone = false;
  const ask = async () => {
    const answer = await client.request(`${prefix}.double`, '{"value":1}').catch(() => undefined);
    isGone = answer === undefined;
  };
  while (!isGone) await ask();
  await t.throwsAsync(client.request('$SRV.PING', ''), { message: /no responders/i });
  await turnsUntil(() => isGone);
});

test('with a token there are no services, which need none', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const bus = newBus();
  const bridge = await bridgeNats(bus, server.address, { serve: [Thermostat], token: 'x' });
  t.teardown(() => bridge.close({ linger: 0 }));
  const client = await server.client();
  await t.throwsAsync(client.request('$SRV.PING', ''), { message: /no responders/i });
});
