// A table of handlers: orders by customer, retries, dead letters, and what the table looks like.
import { join, messageBox, messageType } from 'busbar';
import { emits, handle } from 'busbar/handlers';

const box = messageBox({
  Order: messageType('com.example.order'),
  Shipped: messageType('com.example.shipped'),
  Audit: messageType('com.example.audit'),
});
const bus = `handlers-${process.pid}`;

// The warehouse knows neither who orders nor who listens: the table says it.
let stock = 2;
const deadLetter = ({ message, error, attempts }) =>
  console.log(`given up after ${attempts} attempts: ${message.payload.item}, ${error.message}`);
const warehouse = await handle(
  bus,
  box,
  {
    Order: [
      { name: 'drills', from: 'test', run: ({ item }) => console.log('only a test:', item) },
      {
        name: 'orders',
        order: ({ payload }) => payload.customer, // one at a time for each customer
        concurrency: 8,
        retry: { times: 2, delay: 10 },
        run: async ({ customer, item }, { emit }) => {
          if (stock === 0) throw new Error('sold out');
          stock--;
          await emit(box.Audit(`${item} for ${customer}`));
          return box.Shipped(item); // the reply
        },
      },
    ],
    Shipped: emits(),
    Audit: emits('office'),
    onStop: () => console.log('the warehouse has handled everything'),
  },
  {
    label: 'warehouse',
    deadLetter,
    use: async ({ type }, { attempt }, next) => {
      if (attempt > 1) console.log(`${type}: attempt ${attempt}`);
      return next();
    },
  },
);
const lines = [];
const office = await handle(
  bus,
  box,
  { Audit: (line) => void lines.push(line), Order: emits(), Shipped: emits() },
  { label: 'office' },
);

const shop = await join(bus, { label: 'shop', messages: box });
const tester = await join(bus, { label: 'test', messages: box });
const handled = { acknowledge: 'handled' };
await tester.deliver('warehouse', box.Order({ customer: 'Eve', item: 'a drill' }), handled);
for (const item of ['a lamp', 'a chair']) {
  shop.send('warehouse', box.Order({ customer: 'Ada', item }));
  console.log('shipped:', (await shop.recv()).payload);
}
// Resolves when the order is handled, or with the dead letters.
await shop.deliver('warehouse', box.Order({ customer: 'Bob', item: 'a bed' }), handled);

await warehouse.close(); // drains
await office.close();
console.log('the office has noted:', lines.join(', '));
for (const { name, from, mode, handled, failed } of warehouse.routes()) {
  console.log(`${name} (${from ?? 'anyone'}), ${mode}: ${handled} handled, ${failed} failed`);
}
console.log(warehouse.mermaid().split('\n')[0]);
await Promise.all([shop.close(), tester.close()]);
