// Compares what the survivors have sent with what they have received.

/** One line per stream. `named` returns a member by its name. */
export function verdictsOf(named) {
  return [fileTo(named, 'mirror-1'), fileTo(named, 'mirror-2'), jobs(named), calls(named)];
}

function fileTo(named, name) {
  const sent = named('reader').result;
  const got = named(name).result;
  const fine = got.sha256 === sent.sha256 && got.chunks === sent.chunks && got.disorder === 0;
  const where = named(name).thread ? 'thread' : 'process';
  return {
    fine,
    text: `file to ${name} (${where}): ${got.chunks} of ${sent.chunks} chunks, ${(got.bytes / 1e6).toFixed(1)} MB, ${fine ? 'SHA-256 equal' : 'damaged'}`,
  };
}

function jobs(named) {
  const sent = named('feeder').result;
  const workers = [named('worker-1').result, named('worker-2').result];
  const received = workers.reduce((sum, worker) => sum + worker.received, 0);
  const sum = workers.reduce((total, worker) => total + worker.sum, 0);
  const disorder = workers.reduce((total, worker) => total + worker.disorder, 0);
  return {
    fine: received === sent.sent && sum === sent.sum && disorder === 0,
    text: `jobs: ${sent.sent} sent, ${workers.map((worker) => worker.received).join(' + ')} received, in order`,
  };
}

function calls(named) {
  const { sent, answered, wrong } = named('caller').result;
  const { received } = named('echo').result;
  return {
    fine: sent === answered && received === sent && wrong === 0,
    text: `calls: ${sent} made, ${received} heard, ${answered} answered`,
  };
}
