// Kernel objects and memory regions as the compiler sees them. Never run: it passes by compiling.
import type { FileHandle } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import {
  type Endpoint,
  KernelObject,
  MemoryRegion,
  MemoryRegistry,
  type PlainBox,
  type RegionRange,
  type RegistryStats,
} from 'busbar';
import { same } from './same.js';

declare const endpoint: Endpoint<PlainBox>;
declare const message: Awaited<ReturnType<typeof endpoint.recv>>;
declare const socket: Socket;
declare const server: Server;
declare const file: FileHandle;

// The attachments of a message cannot be replaced.
same<typeof message.objects, readonly KernelObject[]>();
same<typeof message.regions, readonly MemoryRegion[]>();
// @ts-expect-error the list is the message's
message.regions.push(MemoryRegion.create(1));

const object = KernelObject.from(socket);
KernelObject.from(server);
KernelObject.from(file);
// @ts-expect-error a number is for fromFd()
KernelObject.from(3);
// @ts-expect-error made by its own functions only
new KernelObject();
same<ReturnType<typeof object.take>, number>();

const region = MemoryRegion.create(8, { readOnly: true });
same<typeof region.bytes, Uint8Array<ArrayBuffer>>();
same<ReturnType<typeof region.copy>, Uint8Array<ArrayBuffer>>();
same<ReturnType<typeof region.range>, RegionRange>();
// @ts-expect-error made by its own functions only
new MemoryRegion();
// @ts-expect-error misspelt
MemoryRegion.create(8, { readonly: true });
// @ts-expect-error its size is fixed
region.size = 9;
// @ts-expect-error no text
region.write('text');

endpoint.send('x', 1, { objects: [object], regions: [region, region.range(0, 4)] });
message.reply(1, { regions: message.regions, objects: message.objects });
void endpoint.deliver('x', 1, { regions: [region] });
// @ts-expect-error regions are not objects
endpoint.send('x', 1, { objects: [region] });
// @ts-expect-error and bytes are not regions
endpoint.send('x', 1, { regions: [new Uint8Array(8)] });

const registry = new MemoryRegistry({ maxBytes: 4096, idle: 0 });
same<ReturnType<typeof registry.alloc>, MemoryRegion>();
same<typeof registry.stats, RegistryStats>();
registry.alloc(1, { tag: 'a', onFree: () => undefined });
// @ts-expect-error a tag is a text
registry.alloc(1, { tag: 1 });

// Both return nothing that has to be looked at, or the message itself.
same<ReturnType<typeof message.keep>, typeof message>();
same<ReturnType<typeof message.acknowledge>, void>();
// @ts-expect-error a message is acknowledged whole
message.acknowledge('taken');
