// Calls with one result.
import { isError } from 'busbar/rpc';
import { Conformance, Newer } from '../interface.js';
import type { Behaviour } from '../place.js';

export const calls: readonly Behaviour[] = [
  {
    id: 'call.result',
    title: 'a call resolves with the result of the method',
    async run({ t, server, client }) {
      await server();
      t.is(await (await client()).add({ a: 1, b: 2 }), 3);
    },
  },
  {
    id: 'call.nothing',
    title: 'a method without arguments and result resolves with undefined',
    async run({ t, server, client }) {
      const one = await server();
      t.is(await (await client()).nothing(), undefined);
      await one.heard('nothing');
    },
  },
  {
    id: 'call.values',
    title: 'nested values arrive as they were sent',
    async run({ t, server, client }) {
      await server();
      const value = { list: [1, 2.5, 'ä€𝄞', null, true, { deep: [[[]]] }], empty: {} };
      t.deepEqual(await (await client()).echo({ value }), value);
    },
  },
  {
    id: 'call.defaults',
    title: 'a missing optional argument takes its default at the server',
    async run({ t, server, client }) {
      await server();
      const one = await client();
      t.is(await one.optional(), 7);
      t.is(await one.optional({ n: 8 }), 8);
    },
  },
  {
    id: 'call.json',
    title: 'a call in JSON is answered in JSON',
    async run({ t, server, client }) {
      await server();
      const json = await client({ codec: 'json' });
      t.is(await json.add({ a: 0.5, b: 2 }), 2.5);
      t.deepEqual(await json.big({ size: 3 }), new Uint8Array([7, 7, 7]));
      const error = await t.throwsAsync(json.fail({ how: 'declared' }));
      t.true(isError(Conformance, 'TooBig', error));
    },
  },
  {
    id: 'call.many',
    title: 'a thousand calls at once each get their own result',
    async run({ t, server, client }) {
      await server();
      const one = await client();
      const results = await Promise.all(
        Array.from({ length: 1000 }, (_, n) => one.add({ a: n, b: 1 })),
      );
      t.deepEqual(
        results,
        Array.from({ length: 1000 }, (_, n) => n + 1),
      );
    },
  },
  {
    id: 'call.large',
    title: 'a result larger than a ring arrives whole',
    async run({ t, server, client }) {
      await server();
      const bytes = await (await client()).big({ size: 3_000_000 });
      t.is(bytes.length, 3_000_000);
      t.true(bytes.every((byte) => byte === 7));
    },
  },
  {
    id: 'call.slow-does-not-block',
    title: 'a call that takes long holds up no other call',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const slow = calls.hold({ key: 'a' });
      await one.heard('held a');
      t.is(await calls.add({ a: 1, b: 1 }), 2);
      one.order('release', 'a', 'now');
      t.is(await slow, 'now');
    },
  },
  {
    id: 'call.caller',
    title: 'a method sees who calls',
    async run({ t, kind, server, client }) {
      await server();
      const { id, pid } = await (await client()).caller();
      t.true(id > 0);
      if (kind === 'bus') t.is(pid, process.pid);
    },
  },
  {
    id: 'argument.refused-here',
    title: 'a wrong argument is refused before anything is sent, with its path',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const error = await t.throwsAsync(calls.add({ a: 1, b: 'x' as never }), {
        code: 'INVALID_ARGUMENT',
      });
      t.regex(error?.message ?? '', /b is "x"/);
      t.is(one.count('error in add'), 0);
    },
  },
  {
    id: 'option.refused',
    title: 'an unknown option of a call is refused with its name',
    async run({ t, server, client }) {
      await server();
      const calls = await client();
      await t.throwsAsync(calls.add({ a: 1, b: 2 }, { timeOut: 5 } as never), {
        code: 'INVALID_ARGUMENT',
        message: /timeOut/,
      });
    },
  },
  {
    id: 'error.declared',
    title: 'a declared error arrives with its code, text and data',
    async run({ t, server, client }) {
      await server();
      const error = await t.throwsAsync((await client()).fail({ how: 'declared' }));
      if (!isError(Conformance, 'TooBig', error)) return t.fail();
      t.is(error.data.limit, 9);
      t.is(error.message, 'it is too big');
      t.is(error.executed, 'yes');
    },
  },
  {
    id: 'error.undeclared',
    title: 'an undeclared error is HANDLER_FAILED with its text and without its stack',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const thrown = await t.throwsAsync(calls.fail({ how: 'sync' }), {
        code: 'HANDLER_FAILED',
        message: 'undeclared',
      });
      t.false(thrown?.stack?.includes('implementation.js') ?? true);
      await t.throwsAsync(calls.fail({ how: 'async' }), { code: 'HANDLER_FAILED' });
      await t.throwsAsync(calls.fail({ how: 'nothing' }), { code: 'HANDLER_FAILED' });
      await one.heard('error in fail', 3);
    },
  },
  {
    id: 'error.hidden',
    title: 'the text of an undeclared error can be hidden',
    async run({ t, server, client }) {
      await server({ errorMessages: 'hide' });
      const error = await t.throwsAsync((await client()).fail({ how: 'sync' }));
      t.false(error?.message.includes('undeclared') ?? true);
    },
  },
  {
    id: 'error.forged-code',
    title: 'a code of the layer on a thrown error does not choose what the caller gets',
    async run({ t, server, client }) {
      await server();
      await t.throwsAsync((await client()).fail({ how: 'forged' }), { code: 'HANDLER_FAILED' });
    },
  },
  {
    id: 'error.wrong-data',
    title: 'a declared error with wrong data is INVALID_RESULT',
    async run({ t, server, client }) {
      await server();
      await t.throwsAsync((await client()).fail({ how: 'data' }), { code: 'INVALID_RESULT' });
    },
  },
  {
    id: 'result.wrong',
    title: 'a wrong result is INVALID_RESULT, and reported at its server',
    async run({ t, server, client }) {
      const one = await server();
      await t.throwsAsync((await client()).wrongResult(), { code: 'INVALID_RESULT' });
      await one.heard('error in wrongResult');
    },
  },
  {
    id: 'method.unknown',
    title: 'a method that no server has is UNKNOWN_METHOD; the others of a newer minor work',
    async run({ t, server, clientOf }) {
      await server();
      const newer = await clientOf(Newer);
      const error = await t.throwsAsync(newer.later(), { code: 'UNKNOWN_METHOD' });
      t.is((error as { executed?: string }).executed, 'no');
      t.is(await newer.name(), 'one');
    },
  },
  {
    id: 'method.removed',
    title: 'a method can be removed from a running service, and implemented again',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      await one.obeys('remove', 'name');
      await t.throwsAsync(calls.name(), { code: 'UNKNOWN_METHOD' });
      await one.obeys('implement', 'name', 'again');
      t.is(await calls.name(), 'again');
    },
  },
  {
    id: 'close.client',
    title: 'closing a client rejects its calls, and aborts them at the server',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const pending = t.throwsAsync(calls.hold({ key: 'a' }), { code: 'CLOSED' });
      await one.heard('held a');
      await calls.close();
      await pending;
      await one.heard('aborted a');
      await t.throwsAsync(calls.name(), { code: 'CLOSED' });
    },
  },
];
