// unicast() and multicast(): the arguments they accept, and that equal selectors are one object.
import test from 'ava';
import { anyone, label, multicast, toSelector, unicast } from '../../dist/selector/index.js';

const invalid = { code: 'ERR_BUSBAR_INVALID_ARGUMENT' } as const;

test('the same text is the same object', (t) => {
  const moon = unicast('moon');
  t.is(unicast('moon'), moon);
  t.is(unicast(' moon '), moon);
  t.is(unicast(label('moon')), moon);
  t.is(toSelector('moon'), moon);
  t.is(toSelector(moon), moon);
  t.not(multicast('moon'), moon);
  t.is(multicast('moon', { excludeSelf: false }), multicast('moon'));
  t.not(multicast('moon', { excludeSelf: true }), multicast('moon'));
  t.is(multicast('moon', { excludeSelf: true }), multicast(label('moon'), { excludeSelf: true }));
});

test('a selector cannot be changed', (t) => {
  const moon = unicast('moon');
  t.true(Object.isFrozen(moon));
  moon.program.fill(0);
  t.deepEqual(moon.program, label('moon').program);
});

test('its parts and its key', (t) => {
  const selector = multicast(label('a').and('b'), { excludeSelf: true });
  t.is(selector.kind, 'multicast');
  t.true(selector.excludeSelf);
  t.is(selector.expression.toString(), 'a & b');
  t.is(selector.key, 'multicast (not self) a & b');
  t.is(`${unicast('a')}`, 'unicast a');
});

test('a peer means that endpoint', (t) => {
  const peer = { id: 2 ** 53 - 1, pid: 1, label: ['moon'] };
  const selector = unicast(peer);
  t.is(selector, unicast({ id: peer.id }));
  t.is(selector, unicast(`#${peer.id}`));
  t.is(Buffer.from(selector.program).toString('hex'), '06ffffffffffff1f00');
  t.throws(() => unicast({ id: -1 }), invalid);
  t.throws(() => unicast({ id: 0.5 }), invalid);
});

test('many texts do not stay for ever, and all keep working', (t) => {
  const first = unicast('text0');
  for (let i = 0; i < 5000; i++) t.is(unicast(`text${i}`).key, `unicast text${i}`);
  t.not(unicast('text0'), first);
  t.is(unicast('text0').key, first.key);
  for (let i = 0; i < 5000; i++) t.is(unicast({ id: i }).key, `unicast #${i}`);
});

test('what is used again and again stays', (t) => {
  const used = unicast('used');
  for (let i = 0; i < 5000; i++) {
    unicast(`other${i}`);
    if (i % 100 === 0) t.is(unicast('used'), used);
  }
});

test('wrong arguments are refused', (t) => {
  for (const to of [undefined, null, 5, {}, [], unicast('a')]) {
    t.throws(() => unicast(to as string), invalid);
    t.throws(() => multicast(to as string), invalid);
  }
  t.throws(() => multicast({ id: 5 } as unknown as string), invalid);
  t.throws(() => multicast('a', { exludeSelf: true } as object), {
    ...invalid,
    message: /did you mean 'excludeSelf'/,
  });
  t.throws(() => multicast('a', { excludeSelf: 1 as unknown as boolean }), invalid);
  t.throws(() => toSelector(anyone as unknown as string), { code: 'ERR_BUSBAR_INVALID_SELECTOR' });
});
