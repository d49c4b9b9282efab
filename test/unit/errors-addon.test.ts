// The error list of the built addon and of the package. Codes are a promise, so this file repeats
// them.
import test from 'ava';
import * as busbar from 'busbar';
import { errorList } from '../../dist/errors/index.js';
import { addon } from '../../dist/native/addon.js';

test('the list that is compiled into the addon is the one of the package', (t) => {
  t.deepEqual(
    addon.errorList.map((row) => [...row]),
    errorList.map(({ number, name, text }) => [number, name, text]),
  );
});

const codes = [
  'INVALID_ARGUMENT',
  'INVALID_IDENTIFIER',
  'INVALID_LABEL',
  'INVALID_SELECTOR',
  'TOKEN_MISMATCH',
  'VERSION_MISMATCH',
  'PERMISSION',
  'TIMEOUT',
  'ABORTED',
  'CLOSED',
  'TOO_LARGE',
  'NO_RECIPIENT',
  'QUEUE_FULL',
  'UNKNOWN_TYPE',
  'SCHEMA_MISMATCH',
  'DECODE_FAILED',
  'PROTOCOL_VIOLATION',
  'UNDELIVERED',
  'LIMIT_EXCEEDED',
  'OUT_OF_MEMORY',
  'OUT_OF_DESCRIPTORS',
  'SYSTEM',
  'PEER_GONE',
  'NO_CONTROLLER',
  'WOULD_BLOCK',
  'UNSUPPORTED',
];

test('codes and their order never change; new ones come at the end', (t) => {
  t.deepEqual(
    errorList.slice(0, codes.length).map(({ code }) => code as string),
    codes.map((code) => `ERR_BUSBAR_${code}`),
  );
});

test('the package exports a class for each', (t) => {
  const exported: Readonly<Record<string, unknown>> = { ...busbar };
  for (const { name, code } of errorList) {
    const errors = exported[`${name}Error`] as new () => busbar.BusError;
    t.is(typeof errors, 'function', name);
    const error = new errors();
    t.true(error instanceof busbar.BusError);
    t.true(error instanceof Error);
    t.is(error.code, code);
  }
});
