// The conformance list over wires of a network: TCP, TLS, WebSockets.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { behaviours } from './behaviours/index.js';
import { onWire } from './wire-place.js';

const folder = mkdtempSync(join(tmpdir(), 'busbar-test-'));
test.after.always(() => rmSync(folder, { recursive: true }));

/** A certificate of localhost that it signed itself, with its key; not where no openssl is. */
function certificate(): string | undefined {
  const [key, cert] = [`${folder}/key.pem`, `${folder}/cert.pem`];
  const { status, stderr } = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost'],
    ],
    { encoding: 'utf8' },
  );
  if (status === null && process.env.CI === undefined) return undefined;
  if (status !== 0) throw new Error(`openssl: ${stderr}`);
  return readFileSync(key, 'utf8') + readFileSync(cert, 'utf8');
}

const pem = certificate();
if (pem === undefined) test.skip('the list over TLS: there is no openssl', () => undefined);
for (const wire of ['tcp', 'tls', 'web-socket'] as const) {
  if (wire === 'tls' && pem === undefined) continue;
  for (const { id, title, only = 'port', run } of behaviours) {
    if (only !== 'port') continue;
    test.serial(`${id}: ${title} (${wire})`, (t) => run(onWire(t, wire, {}, pem)));
  }
}
