// The map of calls under way does what a Map does, whatever numbers come.
import test from 'ava';
import fc from 'fast-check';
import { IdMap } from '../../dist/layers/rpc/id-map.js';

const ids = fc.oneof(
  fc.nat(200),
  // Numbers whose slots are the same, and the largest ones.
  fc.nat(40).map((n) => n * 1024),
  fc.nat(40).map((n) => n * 2 ** 32 + 5),
  fc.nat(40).map((n) => Number.MAX_SAFE_INTEGER - n),
);
const step = fc.tuple(fc.constantFrom('set', 'set', 'get', 'delete'), ids);

test('an IdMap is a Map of numbers', (t) => {
  let largest = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
      const map = new IdMap<string>();
      const model = new Map<number, string>();
      steps.forEach(([what, id], at) => {
        if (what === 'set') {
          map.set(id, `${at}`);
          model.set(id, `${at}`);
        } else if (what === 'delete') {
          if (map.delete(id) !== model.delete(id)) throw new Error(`delete ${id}`);
        } else if (map.get(id) !== model.get(id)) throw new Error(`get ${id}`);
        if (map.size !== model.size) throw new Error(`${map.size} is not ${model.size}`);
        largest = Math.max(largest, map.size);
      });
      const sorted = [...model].sort(([a], [b]) => a - b).map(([, value]) => value);
      if (`${map.values()}` !== `${sorted}`) throw new Error(`${map.values()} is not ${sorted}`);
      for (const [id, value] of model) if (map.get(id) !== value) throw new Error(`lost ${id}`);
    }),
    { numRuns: 300 },
  );
  t.true(largest > 64, `${largest}`);
});

test('an IdMap that was large becomes small again', (t) => {
  const map = new IdMap<number>();
  for (let id = 0; id < 10_000; id++) map.set(id, id);
  for (let id = 0; id < 9990; id++) t.true(map.delete(id));
  t.deepEqual(map.values(), [9990, 9991, 9992, 9993, 9994, 9995, 9996, 9997, 9998, 9999]);
  t.is(map.get(9995), 9995);
  t.is(map.get(5), undefined);
});
