// A service of a bus for programs that have nothing but HTTP: calls, a stream, a property with its
// version, and the client that has the functions of connect().
import { serveGateway } from 'busbar/gateway';
import { connectHttp } from 'busbar/gateway/client';
import { defineInterface, t } from 'busbar/interface';
import { serve } from 'busbar/rpc';

const Thermostat = defineInterface('com.example.thermostat', '1.2', {
  methods: {
    setTarget: {
      args: { celsius: t.f64 },
      returns: t.bool,
      errors: { OutOfRange: { min: t.f64, max: t.f64 } },
    },
    history: { args: { hours: t.u32 }, stream: t.struct({ hour: t.u32, celsius: t.f64 }) },
  },
  properties: { target: { type: t.f64, access: 'read-write' } },
});

const bus = `gateway-${process.pid}`;
const service = await serve(
  bus,
  Thermostat,
  {
    setTarget({ celsius }, call) {
      if (celsius > 30) throw call.error('OutOfRange', { min: 5, max: 30 });
      service.target = celsius;
      return true;
    },
    *history({ hours }) {
      for (let hour = 0; hour < hours; hour++) yield { hour, celsius: 20 + hour / 2 };
    },
  },
  { properties: { target: 20 } },
);
const gateway = await serveGateway(bus, { expose: [Thermostat] });

async function ask(method, path, body, headers = {}) {
  const answer = await fetch(`${gateway.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${gateway.token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = (await answer.text()).trim();
  console.log(`${method} ${path} ${answer.status}`, answer.ok ? text : JSON.parse(text).code);
  return answer;
}

const call = '/call/com.example.thermostat/1';
await ask('POST', `${call}/setTarget`, { celsius: 21 });
await ask('POST', `${call}/setTarget`, { celsius: 99 });
await ask('POST', `${call}/history`, { hours: 2 });

const property = '/property/com.example.thermostat/1/target';
const etag = (await ask('GET', property)).headers.get('etag');
service.target = 22;
await ask('PUT', property, 19, { 'if-match': etag }).then(({ status }) =>
  console.log(status === 412 ? 'somebody else was faster' : 'set'),
);

const thermostat = await connectHttp(gateway.url, Thermostat, { token: gateway.token });
console.log('client:', await thermostat.setTarget({ celsius: 23 }), await thermostat.target.get());

const stranger = await fetch(`${gateway.url}/describe`);
console.log('without the token:', stranger.status);

await thermostat.close();
await gateway.close();
await service.close();
