// gRPC: @grpc/grpc-js on a Unix socket, with messages described by bench.proto.

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { packageMissing } from '../../harness/dependencies.mjs';
import { startProcesses } from '../../harness/follower.mjs';
import { adjust, block, items, reading } from '../../harness/service.mjs';

const PROTO = fileURLToPath(new URL('./bench.proto', import.meta.url));

export function peer() {
  return {
    missing: () => packageMissing('@grpc/grpc-js'),

    async lead(job, started) {
      const { Bench, grpc } = await load();
      await startProcesses(job, started);
      return link(new Bench(addressOf(job), grpc.credentials.createInsecure()));
    },

    async follow(job) {
      const { Bench, grpc } = await load();
      const server = new grpc.Server();
      server.addService(Bench.service, service);
      await new Promise((resolve, reject) => {
        server.bindAsync(addressOf(job), grpc.ServerCredentials.createInsecure(), (error) =>
          error ? reject(error) : resolve(),
        );
      });
    },
  };
}

const addressOf = ({ folder }) => `unix:${folder}/grpc.sock`;

async function load() {
  const { default: grpc } = await import('@grpc/grpc-js');
  const { loadSync } = await import('@grpc/proto-loader');
  const { bench } = grpc.loadPackageDefinition(loadSync(PROTO));
  return { grpc, Bench: bench.Bench };
}

const service = {
  adjust: ({ request }, done) => done(null, adjust(request)),
  load: ({ request }, done) => done(null, { data: block(request.bytes) }),

  async items(call) {
    for (const data of items(call.request.count, call.request.bytes)) {
      if (!call.write({ data })) await once(call, 'drain');
    }
    call.end();
  },
};

function link(client) {
  const call = (method, request) =>
    new Promise((resolve, reject) => {
      client[method](request, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  return {
    call: (i) => call('adjust', reading(i)),
    large: (bytes) => ({ call: () => call('load', { bytes }).then(({ data }) => data) }),

    async stream(count, bytes, onItem) {
      for await (const { data } of client.items({ count, bytes })) onItem(data);
    },

    open: (count, bytes) => client.items({ count, bytes }),
    close: () => client.close(),
  };
}
