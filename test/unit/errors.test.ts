// The error classes, their one list and the checks of options.
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import test from 'ava';
import { closest } from '../../dist/base/misspelt.js';
import {
  checkBoolean,
  checkInteger,
  checkOptions,
  checkSignal,
  checkString,
} from '../../dist/checks.js';
import * as errors from '../../dist/errors/index.js';

const { errorFromStatus, errorList } = errors;
const exported: Readonly<Record<string, unknown>> = { ...errors };

test('the list mirrors the native one', (t) => {
  const native = readFileSync(new URL('../../native/base/error_list.def', import.meta.url), 'utf8');
  const rows = [...native.matchAll(/^BUSBAR_ERROR\((\d+), (\w+), "([^"]*)"\)/gm)];
  t.deepEqual(
    rows.map(([, number, name, text]) => ({ number: Number(number), name, text })),
    errorList.map(({ number, name, text }) => ({ number, name, text })),
  );
});

test('numbers are consecutive and codes follow from the names', (t) => {
  for (const [index, { number, name, code }] of errorList.entries()) {
    t.is<number, number>(number, index + 1);
    t.is<string, string>(code, `ERR_BUSBAR_${name.replace(/\B[A-Z]/g, '_$&').toUpperCase()}`);
  }
});

test('each status becomes an error of its own class', (t) => {
  const seen = new Set<unknown>();
  for (const { number, name, code, text } of errorList) {
    const error = errorFromStatus(number);
    t.true(error instanceof errors.BusError);
    t.true(error instanceof Error);
    t.is<unknown, unknown>(error.constructor, exported[`${name}Error`]);
    t.is(error.code, code);
    t.is(error.message, text);
    t.is(error.name, name === 'Aborted' ? 'AbortError' : `${name}Error`);
    seen.add(error.constructor);
  }
  t.is(seen.size, errorList.length);
});

test('an unknown status is a SystemError that names it', (t) => {
  const error = errorFromStatus(4711);
  t.is(error.code, 'ERR_BUSBAR_SYSTEM');
  t.regex(error.message, /4711/);
});

test('facts become fields, unknown ones do not exist', (t) => {
  const cause = new Error('below');
  const error = errorFromStatus(13, {
    message: 'full',
    peerId: 7,
    limit: 16,
    cause,
    bus: undefined,
  });
  t.is(error.message, 'full');
  t.is(error.peerId, 7);
  t.is(error.limit, 16);
  t.is(error.cause, cause);
  t.is(error.bus, undefined);
  t.deepEqual(Object.keys(error).sort(), ['code', 'limit', 'peerId']);
  t.false(inspect(error).includes('undefined'));
  t.regex(error.stack ?? '', /^QueueFullError: full\n/);
});

test('an OS error shows its number', (t) => {
  t.regex(errorFromStatus(22, { osCode: 24 }).message, /errno 24/);
});

test('an aborted signal becomes an AbortError with the reason as cause', (t) => {
  const reason = new Error('enough');
  const error = errors.abortedError('join', AbortSignal.abort(reason));
  t.is(error.name, 'AbortError');
  t.is(error.code, 'ERR_BUSBAR_ABORTED');
  t.is(error.cause, reason);
  t.true(error instanceof errors.AbortedError);
});

const invalid = { code: 'ERR_BUSBAR_INVALID_ARGUMENT' } as const;

test('an unknown option is refused with a guess', (t) => {
  t.throws(() => checkOptions('f()', { exludeSelf: true }, ['excludeSelf']), {
    ...invalid,
    message: "unknown option 'exludeSelf' of f(); did you mean 'excludeSelf'?",
  });
  t.throws(() => checkOptions('f()', { zebra: 1 }, ['ttl', 'signal']), {
    ...invalid,
    message: "unknown option 'zebra' of f(); known: 'ttl', 'signal'",
  });
  t.throws(() => checkOptions('f()', [] as object, ['ttl']), invalid);
  t.throws(() => checkOptions('f()', 5 as unknown as object, ['ttl']), invalid);
  t.notThrows(() => checkOptions('f()', undefined, []));
  t.notThrows(() => checkOptions('f()', { ttl: 1 }, ['ttl']));
});

test('a guess is near, or there is none', (t) => {
  t.is(closest('TIMEOUT', ['timeout', 'ttl']), 'timeout');
  t.is(closest('tll', ['timeout', 'ttl']), 'ttl');
  t.is(closest('label', ['token']), undefined);
  t.is(closest('x'.repeat(1_000_000), ['token']), undefined);
});

test('integers have a range', (t) => {
  t.throws(() => checkInteger('ttl', 1.5, 0, 10, 'ms'), {
    ...invalid,
    message: 'ttl is 1.5; expected an integer of ms',
  });
  t.throws(() => checkInteger('ttl', 11, 0, 10, 'ms'), {
    ...invalid,
    message: 'ttl is 11 ms; the largest allowed is 10',
  });
  t.throws(() => checkInteger('ttl', -1, 0, 10), {
    ...invalid,
    message: 'ttl is -1; the smallest allowed is 0',
  });
  for (const value of ['1', 1n, Number.NaN, Number.POSITIVE_INFINITY, null, {}]) {
    t.throws(() => checkInteger('ttl', value, 0, 10), invalid);
  }
  t.notThrows(() => checkInteger('ttl', 10, 0, 10));
});

test('strings are measured in bytes and not kept in the error', (t) => {
  const error = t.throws(() => checkString('token', 'é'.repeat(513), 0, 1024), {
    ...invalid,
    message: 'token is 1026 bytes long; the limit is 1024',
  });
  t.false(inspect(error).includes('é'));
  t.throws(() => checkString('token', '', 1, 4), {
    ...invalid,
    message: /0 bytes long; the least is 1/,
  });
  t.throws(() => checkString('token', '\ud800', 0, 4), { ...invalid, message: /lone surrogate/ });
  t.throws(() => checkString('token', 5, 0, 4), invalid);
  t.notThrows(() => checkString('token', 'éé', 0, 4));
});

test('booleans and signals are not guessed', (t) => {
  t.throws(() => checkBoolean('flag', 1), invalid);
  t.notThrows(() => checkBoolean('flag', false));
  t.throws(() => checkSignal('signal', { aborted: false }), invalid);
  t.notThrows(() => checkSignal('signal', AbortSignal.abort()));
});
