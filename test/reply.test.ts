// Replies: they go to the sender of the message, and refer to the message that they answer.
import type { EventEmitter } from 'node:events';
import test from 'ava';
import { messageBox, raw, text } from 'busbar';
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

test('send() takes the number that its receiver has as replyTo, and refuses others', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver' });
  const { id } = sender.sendWithReceipt('receiver', 'first');
  sender.send('receiver', 'second', { replyTo: id });
  t.is((await receiver.recv()).id, id);
  t.is((await receiver.recv()).replyTo, id);
  for (const replyTo of [0, -1, 1.5, '1', 2 ** 53]) {
    t.throws(() => sender.send('receiver', 'x', { replyTo: replyTo as number }), {
      code: 'ERR_BUSBAR_INVALID_ARGUMENT',
      message: /replyTo/,
    });
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

test('a reply has the format word of its options, else that of its message', async (t) => {
  const endpoint = await joined(t, newBus(), { label: 'me' });
  endpoint.send('me', 'question');
  const question = await endpoint.recv();
  question.reply('plain', { format: 0xffff });
  t.like(await endpoint.recv(), { payload: 'plain', format: 0xffff, replyTo: question.id });
  question.reply('plain');
  t.like(await endpoint.recv(), { payload: 'plain', format: 0 });
  for (const format of [-1, 65_536, 1.5, '1']) {
    t.throws(() => question.reply('x', { format: format as number }), { message: /^format is/ });
  }

  const box = messageBox({ Note: text });
  const typed = await joined(t, newBus(), { label: 'typed', messages: box });
  typed.send('typed', box.Note('question'));
  const note = await typed.recv();
  note.reply(box.Note('answer', { format: 3 }));
  t.like(await typed.recv(), { type: 'Note', payload: 'answer', format: 3 });
  note.reply(box.Note('answer', { format: 3 }), { format: 4 });
  t.like(await typed.recv(), { type: 'Note', payload: 'answer', format: 4, replyTo: note.id });
  t.throws(() => note.reply('answer' as never, { format: 4 }), {
    code: 'ERR_BUSBAR_INVALID_ARGUMENT',
  });

  const tool = await joined(t, newBus(), { label: 'tool', messages: raw });
  tool.send('tool', box.Note('question'));
  const asked = await tool.recv();
  asked.reply(raw.message(asked.payload), { format: 5 });
  t.is((await tool.recv()).payload.format, 5);
});
