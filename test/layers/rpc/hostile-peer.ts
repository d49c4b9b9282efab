// Peers that break the protocol of calls, for tests: endpoints that send bytes of their own where the
// layer would send frames, and what they meet.
import type { ExecutionContext } from 'ava';
import { type Endpoint, join, messageType, type RawBox, type Received, raw } from 'busbar';
import { connect, serve } from 'busbar/rpc';
import { Held, implementation, type Place } from '../conformance/implementation.js';
import { Conformance } from '../conformance/interface.js';

export const answers = messageType('busbar.rpc').id;
export const fromCaller = 0x100;
export const kinds = {
  result: 0,
  error: 1,
  busy: 2,
  item: 3,
  items: 4,
  end: 5,
  credit: 6,
  cancel: 7,
  forgotten: 8,
};

/** A value in JSON: the codec of {@link json}. */
export function packed(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export const json = 0x10;
type Hostile = Endpoint<RawBox>;
type Message = Received<RawBox>;

export async function hostile(
  t: ExecutionContext,
  bus: string,
  label: string[] = [],
): Promise<Hostile> {
  const endpoint = await join(bus, { messages: raw, label });
  t.teardown(() => endpoint.close({ linger: 0 }).catch(() => undefined));
  return endpoint;
}

export const served = ['com.example.conformance', 'com.example.conformance/1'];

export function answer(message: Message, kind: number, value: unknown, flags = 0): void {
  const content = { typeId: answers, format: kind | json | flags, bytes: packed(value) };
  message.reply(raw.message(content));
}

export async function clientOf(t: ExecutionContext, bus: string) {
  const client = await connect(bus, Conformance);
  t.teardown(() => client.close());
  return client;
}

export async function goodServer(t: ExecutionContext, bus: string, label = 'good') {
  const place: Place = { name: 'good', tell: () => undefined, service: undefined };
  const service = await serve(bus, Conformance, implementation(place, new Held()), {
    label,
    properties: { level: 1, title: 'good' },
  });
  t.teardown(() => service.close({ linger: 0 }));
  return service;
}
