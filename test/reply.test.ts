// Replies: they go to the sender of the message, and refer to the message that they answer.
import type { EventEmitter } from 'node:events';
import test from 'ava';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';

/** Answers every message with the label of its sender. */
const answering: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'answering' });
  tell(endpoint.id);
  for await (const message of endpoint) {
    tell(message.id);
    tell(message.reply({ asked: message.payload, by: message.from.id }));
  }
};

test('a reply reaches the sender among others with its label, and carries replyTo', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, answering);
  const id = await program.next<number>();
  const twins = [await joined(t, bus, { label: 'twin' }), await joined(t, bus, { label: 'twin' })];
  for (const [index, twin] of twins.entries()) {
    twin.send('answering', index);
    const message = await twin.recv();
    t.deepEqual(message.payload, { asked: index, by: twin.id });
    t.is(message.from.id, id);
    t.deepEqual(message.from.label, ['answering']);
    t.is(message.from.pid, program.pid);
    t.is(message.replyTo, await program.next<number>());
    t.is(await program.next(), 1);
  }
});

test('a message that answers nothing has no replyTo, and ids tell messages apart', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver' });
  const ids = new Set<unknown>();
  for (let i = 0; i < 100; i++) sender.send('receiver', i);
  for (let i = 0; i < 100; i++) {
    const message = await receiver.recv();
    t.is(message.replyTo, undefined);
    ids.add(message.id);
  }
  t.is(ids.size, 100);
});

test('a reply to oneself, and a reply to a reply', async (t) => {
  const endpoint = await joined(t, newBus(), { label: 'me' });
  endpoint.send('me', 'question');
  const question = await endpoint.recv();
  question.reply('answer');
  const answer = await endpoint.recv();
  t.like(answer, { payload: 'answer', replyTo: question.id });
  answer.reply('thanks');
  t.like(await endpoint.recv(), { payload: 'thanks', replyTo: answer.id });
});

test('a reply to a sender that has gone finds nobody', async (t) => {
  const bus = newBus();
  const receiver = await joined(t, bus, { label: 'receiver' });
  const program = inProcess(t, bus, async ({ busbar, bus, tell, told }) => {
    const endpoint = await busbar.join(bus);
    endpoint.send('receiver', 'last words');
    tell('sent');
    await told();
  });
  await program.next();
  const message = await receiver.recv();
  const left = nextEvent(receiver as unknown as EventEmitter, 'peer');
  await program.kill();
  t.like(await left, { change: 'left', peer: { id: message.from.id } });
  t.throws(() => message.reply('too late'), { code: 'ERR_BUSBAR_NO_RECIPIENT' });
  t.throws(() => message.reply('x', { tll: 1 } as never), { message: /mean 'ttl'/ });
});
