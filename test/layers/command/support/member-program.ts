// A member of a bus for tests of the command line: BUS ROLE [LABEL…]. It tells its id, then does what
// its role says.
import { codecs, join, messageBox, messageType, multicast, observe } from 'busbar';
import { emits, handle } from 'busbar/handlers';
import { defineInterface, t } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';

const [, , bus = '', role = '', ...labels] = process.argv;

const Mode = t.enum('Mode', ['heat', 'cool']);
const Thermostat = defineInterface('com.example.thermostat', '1.2', {
  doc: 'Keeps a room warm.',
  methods: {
    setTarget: {
      doc: 'Sets the temperature to reach.',
      args: { celsius: t.f64, mode: t.optional(Mode), note: t.optional(t.string) },
      returns: t.bool,
      errors: { OutOfRange: { min: t.f64, max: t.f64 } },
      idempotent: true,
    },
    hold: { args: { minutes: t.f64 } },
    echo: { args: { at: t.time, big: t.u64, raw: t.bytes, any: t.any }, returns: t.any },
    history: { args: { count: t.u32 }, stream: t.struct({ minute: t.u32, celsius: t.f64 }) },
    sum: { input: t.f64, returns: t.f64 },
  },
  properties: { target: { type: t.f64, access: 'read-write' }, serial: { type: t.string } },
  signals: { overheated: { celsius: t.f64 } },
});
/** The same name and major version with another type, as after a careless change. */
const OtherThermostat = defineInterface('com.example.thermostat', '1.2', {
  methods: { setTarget: { args: { kelvin: t.f64 }, returns: t.bool } },
});

const box = messageBox({
  Move: messageType('com.example.move'),
  Note: messageType('com.example.note', { codec: codecs.json() }),
  Blob: messageType('com.example.blob', { codec: codecs.bytes }),
});

const roles: Readonly<Record<string, () => Promise<number>>> = {
  async thermostat() {
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
        hold: (_, call) =>
          new Promise<void>((_resolve, reject) => {
            call.signal.addEventListener('abort', () => reject(call.signal.reason));
          }),
        echo: ({ at, big, raw, any }) => ({
          at: at.toISOString(),
          big: `${big}`,
          raw: raw.length,
          any,
        }),
        *history({ count }) {
          for (let minute = 0; minute < count; minute++) yield { minute, celsius: 20 };
        },
        async sum(_, call) {
          let total = 0;
          for await (const each of call.input) total += each;
          return total;
        },
      },
      { label: labels, properties: { target: 20, serial: 'A-7' } },
    );
    return 0;
  },

  async 'other-thermostat'() {
    await serve(bus, OtherThermostat, { setTarget: () => true }, { label: labels });
    return 0;
  },

  /** Serves, until it is told to loop without ever giving its event loop a turn. */
  async looping() {
    await serve(bus, OtherThermostat, { setTarget: () => true }, { label: labels });
    process.on('message', () => {
      process.send?.('looping', () => {
        for (;;);
      });
    });
    return 0;
  },

  /** Takes messages of its box, tells them, and answers them. */
  async listener() {
    const endpoint = await join(bus, { label: labels, messages: box });
    endpoint.on('message', (message) => {
      process.send?.({ type: message.type, payload: message.payload });
      message.reply(box.Move({ got: message.payload }));
    });
    return endpoint.id;
  },

  /** Handles messages by a table that others may see. */
  async warehouse() {
    const table = {
      Move: [
        { name: 'tests', from: 'test', run: () => undefined },
        {
          name: 'moves',
          concurrency: 4,
          retry: { times: 1, delay: 1 },
          run: (payload: unknown, { attempt }: { readonly attempt: number }) => {
            if (attempt === 1) throw new Error('not yet');
            process.send?.({ moved: payload });
          },
        },
      ],
      Note: { forward: 'archive' },
      Blob: emits('archive'),
    };
    const handlers = await handle(bus, box, table, { label: labels, inspectable: true });
    handlers.on('failed', () => undefined);
    return handlers.id;
  },

  /** Without a box. */
  async plain() {
    const endpoint = await join(bus, { label: labels });
    endpoint.on('message', (message) => {
      process.send?.(message.payload);
      message.reply(['got', message.payload]);
    });
    return endpoint.id;
  },

  /** Sends what it is told to: `{ to, type, payload, times, all }`. */
  async sender() {
    const endpoint = await join(bus, { label: labels, messages: box });
    process.on('message', (order: Order) => {
      const { to, type, payload, times = 1, all = false, ttl } = order;
      const data = type === 'Blob' ? Buffer.from(payload as string, 'hex') : payload;
      const message = (box[type] as (payload: unknown) => ReturnType<typeof box.Move>)(data);
      const options = ttl === undefined ? {} : { ttl };
      for (let i = 0; i < times; i++) endpoint.send(all ? multicast(to) : to, message, options);
      process.send?.('sent');
    });
    return endpoint.id;
  },

  /** Joins, and when it is told to, never gives its event loop a turn again. */
  async spinning() {
    const { id } = await join(bus, { label: labels });
    process.on('message', () => {
      process.send?.('spinning', () => {
        for (;;);
      });
    });
    return id;
  },

  /** As many observers as it is told. */
  async observers() {
    const [count = '0'] = labels;
    for (let i = 0; i < Number(count); i++) await observe(bus);
    return 0;
  },

  /** Joins with a token. */
  async secret() {
    const [token = '', ...rest] = labels;
    return (await join(bus, { token, label: rest })).id;
  },

  /** Calls the thermostats, again and again. */
  async caller() {
    const client = await connect(bus, Thermostat);
    setInterval(() => {
      client.setTarget({ celsius: 21 }).catch(() => undefined);
    }, 20);
    return 0;
  },

  /** Many members of one process. */
  async crowd() {
    const [count = '0'] = labels;
    // Few at a time, or the last ones wait longer than a busy machine allows.
    for (let index = 0; index < Number(count); index += 20) {
      const some = Array.from({ length: 20 }, (_, at) => `member-${index + at}`);
      await Promise.all(
        some.map((label) => join(bus, { label: [label, 'crowd'], timeout: 60_000 })),
      );
    }
    return Number(count);
  },
};

interface Order {
  readonly to: string;
  readonly type: 'Move' | 'Note' | 'Blob';
  readonly payload: unknown;
  readonly times?: number;
  readonly all?: boolean;
  readonly ttl?: number;
}

const id = await roles[role]?.();
// Alive as long as the test is.
process.on('disconnect', () => process.exit());
process.send?.(id);
