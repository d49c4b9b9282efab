// The table of the pools in tests: answers numbers, and dies on order.
import { isMainThread, threadId } from 'node:worker_threads';
import { messageBox, messageType } from 'busbar';
import { emits, type FullTable } from 'busbar/handlers';

/** Where a number was handled. */
export interface Place {
  readonly n: number;
  readonly pid: number;
  /** 0 in a process of its own. */
  readonly thread: number;
}

const Work = messageType<number>('com.example.work');
const Done = messageType<Place>('com.example.done');
const Die = messageType<'exit' | 'throw' | 'kill'>('com.example.die');

/** The box of workers and of tests. */
export const box = messageBox({ Work, Done, Die });

/** Made in each worker, with the data of the pool. */
export function table({ broken }: { readonly broken?: boolean }): FullTable<typeof box> {
  if (broken === true) throw new Error('broken table');
  return {
    Work: (n) => box.Done({ n, pid: process.pid, thread: isMainThread ? 0 : threadId }),
    Done: emits(),
    Die: {
      concurrency: 1,
      run: (how) => {
        if (how === 'exit') process.exit(7);
        if (how === 'kill') process.kill(process.pid, 'SIGKILL');
        throw new Error('as it was told');
      },
    },
  };
}
