// The interface of the tests with Stinger's programs, and a server of it on the bus.
import { readFileSync } from 'node:fs';
import { parseStinger, type StingerImport } from 'busbar/interface';
import { serve } from 'busbar/rpc';

/** The file. */
export const labFile = new URL('../../../../test/fixtures/lab.stinger.yaml', import.meta.url);

/** The interface. */
export const lab: StingerImport = await parseStinger(readFileSync(labFile, 'utf8'));

/** A struct with a value of every type. */
export const sample = {
  flag: true,
  number: -7,
  share: 0.25,
  words: 'Grüße, "1/2"',
  mood: 'lively',
  tag: { key: 3, textOf: 'three' },
  at: new Date('2026-03-04T05:06:07.891Z'),
  span: 90_061_500,
  raw: Uint8Array.of(0, 255, 13, 10),
  maybeTag: { key: 4 },
  numbers: [1, -2, 2_147_483_647],
  moods: ['calm', 'wild'],
  tags: [{ key: 1, textOf: 'one' }, { key: 2 }],
  moments: [new Date('1999-12-31T23:59:59.000Z')],
  spans: [0, 1500],
  blobs: [Uint8Array.of(1), new Uint8Array(0)],
};

interface LabService extends AsyncDisposable {
  readonly emit: {
    rang(data: { count: number; mood?: string }): void;
    silence(): void;
  };
  level: { percent: number };
  place: { room: string; mood: string };
  serial: { text: string };
  close(options?: { linger?: number }): Promise<void>;
}

/** Serves it on a bus. */
export async function serveLab(bus: string, calls: string[] = []): Promise<LabService> {
  const serveAny = serve as unknown as (...values: unknown[]) => Promise<LabService>;
  const methods = {
    mirror: ({ sample: given }: { sample: unknown }) => ({ sample: given }),
    divide({ dividend, divisor }: { dividend: number; divisor: number }) {
      calls.push(`divide ${dividend} ${divisor}`);
      if (divisor === 0) throw new Error('divided by nothing');
      return { quotient: Math.trunc(dividend / divisor), rest: dividend % divisor };
    },
    rest: () => calls.push('rest'),
  };
  return serveAny(bus, lab.source, methods, {
    properties: {
      level: { percent: 12.5 },
      place: { room: 'attic', mood: 'calm' },
      serial: { text: 'B-17' },
    },
    onSet: {
      level({ percent }: { percent: number }) {
        if (percent < 0) throw new Error('below nothing');
        return { percent: Math.min(100, percent) };
      },
    },
  });
}

/** A client of it on a bus. */
export interface LabClient extends AsyncDisposable {
  mirror(args: { sample: unknown }, options?: object): Promise<{ sample: unknown }>;
  divide(
    args: { dividend: number; divisor: number },
    options?: object,
  ): Promise<{ quotient: number; rest: number }>;
  rest(args?: object, options?: object): Promise<void>;
  readonly level: LabProperty<{ percent: number }>;
  readonly place: LabProperty<{ room: string; mood: string }>;
  readonly serial: LabProperty<{ text: string }>;
  on(
    signal: 'rang' | 'silence',
    listener: (data: never) => void,
  ): { readonly ready: Promise<void> };
  close(): Promise<void>;
}

/** A property of it. */
export interface LabProperty<T> {
  get(options?: object): Promise<T>;
  read(options?: object): Promise<{ readonly value: T; readonly version: number }>;
  set(value: T, options?: object): Promise<number>;
  watch(): AsyncIterableIterator<{
    readonly value: T;
    readonly version: number;
    readonly stale: boolean;
  }>;
}
