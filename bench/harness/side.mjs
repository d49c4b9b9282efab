// Entry point of every process and thread in a trial: `side.mjs lead|follow <job as JSON>`.
// Opens the peer's link for its role and lets the trial run over it.

import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { portControl, streamControl } from './control.mjs';
import { stopFollower } from './follower.mjs';
import { loadPeer } from './peers.mjs';
import { loadTrial } from './trials.mjs';

const [role, json] = process.argv.slice(2);
const job = JSON.parse(json);
const control = isMainThread
  ? streamControl(process.stdin, process.stdout)
  : portControl(parentPort);
const peer = await loadPeer(job.peer);
const trial = await loadTrial(job.trial);

if (role === 'lead') await lead();
else await follow();

async function lead() {
  const followers = [];
  const link = await peer.lead(job, (follower) => followers.push(follower));
  const result = await trial.lead(link, followers, job, control);
  link.close?.(); // otherwise the end of a follower would be an error of the link
  await Promise.all(followers.map(stopFollower)); // before the result: the next job needs the cores
  control.send({ result });
}

async function follow() {
  // A follower ends with its lead, however the lead ends.
  if (isMainThread) process.stdin.on('close', () => process.exit(0));
  const link = await peer.follow(job, workerData?.port);
  control.send({ ready: true });
  await trial.follow(link, control, job).catch(() => process.exit(1));
}
