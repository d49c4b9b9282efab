// A server for chaos.test.ts: tells its parent which calls it executes, before it answers them.
import { defineInterface, t } from 'busbar/interface';
import { serve } from 'busbar/rpc';

export const Counting = defineInterface('com.example.counting', '1.0', {
  methods: {
    single: { args: { id: t.i32 }, returns: t.i32 },
    again: { args: { id: t.i32 }, returns: t.i32, idempotent: true },
  },
});

const tellAndReturn = async ({ id }: { readonly id: number }): Promise<number> => {
  await new Promise<void>((resolve) => {
    process.send?.(id, undefined, {}, () => resolve());
  });
  return id;
};

// The test imports the interface only.
if (process.send !== undefined && import.meta.filename === process.argv[1]) {
  await serve(process.argv[2] ?? '', Counting, { single: tellAndReturn, again: tellAndReturn });
  process.send('serving');
}
