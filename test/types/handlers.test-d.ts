// What a table may say, by the compiler. Never run: it passes by compiling.
import {
  type Endpoint,
  join,
  messageBox,
  messageType,
  type OpenBox,
  openBox,
  type RawContent,
  type Received,
  raw,
} from 'busbar';
import {
  type Context,
  emits,
  type Handlers,
  handle,
  server,
  type Table,
  testBus,
} from 'busbar/handlers';
import { defineInterface, t } from 'busbar/interface';
import { same } from './same.js';

const Move = messageType<{ readonly x: number }>('com.example.move');
const Order = messageType<{ readonly customer: string }>('com.example.order');
const box = messageBox({ Move, Order });
type Box = typeof box;

const handlers = await handle('bus', box, {
  Move: ({ x }, context) => {
    same<typeof x, number>();
    same<typeof context, Context<Box, 'Move'>>();
    same<typeof context.message.type, 'Move'>();
    context.send('shop', box.Order({ customer: 'Ada' }));
    // @ts-expect-error a plain value is no message of the box
    context.reply({ customer: 'Ada' });
    return box.Order({ customer: 'Ada' });
  },
  Order: [
    {
      from: 'shop & !test',
      run: async ({ customer }) => {
        same<typeof customer, string>();
      },
      order: ({ payload }) => payload.customer,
      retry: { times: 2 },
    },
    emits('shop'),
  ],
});
same<typeof handlers, Handlers<Box>>();

// @ts-expect-error a type without a route
const missing: Table<Box> = { Move: () => undefined };
// @ts-expect-error a route of a type outside the box
await handle('bus', box, { Move: () => undefined, Order: emits(), Odrer: () => undefined });
// @ts-expect-error a reply that is no message of the box
await handle('bus', box, { Move: () => 7, Order: emits() });
// @ts-expect-error an order of another type
await handle('bus', box, { Move: { run: () => undefined, order: () => ({}) }, Order: emits() });
// @ts-expect-error an option that does not exist
await handle('bus', box, { Move: { run: () => undefined, form: 'a' }, Order: emits() });

const Clock = defineInterface('com.example.clock', '1.0', {
  methods: { time: { returns: t.string } },
  properties: { zone: { type: t.string } },
});
await handle('bus', box, {
  Move: () => undefined,
  Order: emits(),
  [Clock.name]: server(Clock, { time: () => 'noon' }, { properties: { zone: 'UTC' } }),
});
// @ts-expect-error a property without a value
server(Clock, { time: () => 'noon' });
// @ts-expect-error a method of another type
server(Clock, { time: () => 12 }, { properties: { zone: 'UTC' } });

const bus = testBus();
const member = bus.join(box, { label: 'a' });
const taken = member.take();
if (taken?.type === 'Move') same<typeof taken.payload, { readonly x: number }>();

// An open box: its types by their keys, others by their UUIDs.
const endpoint: Endpoint<OpenBox<Box>> = await join('bus', { messages: openBox(box) });

declare const received: Received<OpenBox<Box>>;
switch (received.type) {
  case 'Move':
    same<typeof received.payload, { readonly x: number }>();
    break;
  case 'Order':
    same<typeof received.payload, { readonly customer: string }>();
    break;
  default: {
    const content: RawContent = received.payload;
    endpoint.send('moon', raw.message(content));
  }
}
