// The rules of bridges are refused as a whole when one of them is wrong, with its path.
import test from 'ava';
import { messageType, multicast } from 'busbar';
import { defineInterface } from 'busbar/interface';
import { checkInRules, checkInterfaces, checkOutRules } from '../../dist/layers/bridge/index.js';

const Move = messageType<number>('com.example.move');
const Thermostat = defineInterface('com.example.thermostat', '1.0', { methods: { ping: {} } });

test('a rule lists types by value, name and UUID', (t) => {
  const uuid = '018f2b6e-0000-7000-8000-000000000001';
  const [checked] = checkOutRules(
    [{ label: 'public', types: [Move, 'com.example.stop', uuid.toUpperCase()] }],
    [],
  );
  const types = checked?.rule.types;
  t.deepEqual(checked?.rule.label, ['public']);
  t.is(types?.nameOf(Move.id), 'com.example.move');
  t.true(types?.has(messageType('com.example.stop').id));
  t.true(types?.has(uuid));
  t.is(types?.nameOf(uuid), undefined);
  t.false(types?.has(messageType('com.example.other').id));
  t.like(checked?.rule, { whenFull: 'wait', queueBytes: 4 * 1024 * 1024 });
});

test('nothing crosses by default', (t) => {
  t.deepEqual(checkOutRules(undefined, []), []);
  t.deepEqual(checkInRules(undefined, []), []);
  t.deepEqual(checkInterfaces('serve', undefined), []);
});

const wrong: Readonly<Record<string, readonly [unknown, RegExp]>> = {
  'no list': [{}, /out is an object; expected a list of rules/],
  'no rule': [[7], /out\[0\] is 7/],
  'an unknown option': [
    [{ label: 'a', types: [Move], lable: 'a' }],
    /unknown option 'lable' of out\[0\]/,
  ],
  'no label': [[{ types: [Move] }], /out\[0\]\.label is undefined/],
  'an empty label': [[{ label: ['a', ''], types: [Move] }], /out\[0\]\.label/],
  'no types': [[{ label: 'a' }], /out\[0\]\.types is undefined; list the types/],
  'an empty list of types': [[{ label: 'a', types: [] }], /out\[0\]\.types/],
  'a type that is none': [[{ label: 'a', types: [7] }], /out\[0\]\.types has 7/],
  'the type of answers': [[{ label: 'a', types: ['busbar.rpc'] }], /which belongs to calls/],
  'a policy': [[{ label: 'a', types: [Move], whenFull: 'refuse' }], /whenFull is "refuse"/],
  'a queue of nothing': [[{ label: 'a', types: [Move], queueBytes: 0 }], /queueBytes is 0/],
};
for (const [name, [rules, message]] of Object.entries(wrong)) {
  test(`out: ${name} is refused`, (t) => {
    t.throws(() => checkOutRules(rules as never, []), {
      code: 'ERR_BUSBAR_INVALID_ARGUMENT',
      message,
    });
  });
}

test('in: whom the messages are for is a condition or a selector', (t) => {
  const everyone = multicast('display');
  const [one, all] = checkInRules(
    [
      { to: 'display & !spare', types: [Move] },
      { to: everyone, types: [Move], extra: 7 },
    ],
    ['extra'],
  );
  t.is(typeof one?.rule.to === 'object' && one.rule.to.kind, 'unicast');
  t.is(all?.rule.to, everyone);
  t.throws(() => checkInRules([{ to: 'a &', types: [Move] }], []), { name: 'SelectorSyntaxError' });
  t.throws(() => checkInRules([{ to: 7 as never, types: [Move] }], []), {
    message: /in\[0\]\.to is 7/,
  });
});

test('interfaces are listed once', (t) => {
  t.deepEqual(checkInterfaces('serve', [Thermostat]), [Thermostat]);
  t.throws(() => checkInterfaces('serve', [Thermostat, Thermostat]), { message: /twice/ });
  t.throws(() => checkInterfaces('serve', Thermostat as never), { message: /expected a list/ });
});
