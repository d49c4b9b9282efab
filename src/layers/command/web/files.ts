// The files of the page, which lie ready in the package. They are the same for everybody and contain
// nothing of the bus, so no token is needed for them.
import { readdirSync, readFileSync } from 'node:fs';
import { type GatewayExchange, Refusal } from '../../gateway/index.js';

const folder = new URL('../../../page/', import.meta.url);

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Nothing but what the gateway itself serves is loaded, run, sent to or shown around the page. */
const policy = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ');

const headers = {
  'content-security-policy': policy,
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** The files by their names; read once. */
let files: ReadonlyMap<string, Uint8Array> | undefined;

/** Answers with a file: `/`, `/page/<name>`. */
export function pageFile(exchange: GatewayExchange): void {
  files ??= new Map(
    readdirSync(folder)
      .filter((name) => /\.(html|css|js|svg)$/.test(name))
      .map((name) => [name, readFileSync(new URL(name, folder))]),
  );
  const [first, name = 'index.html', more] = exchange.target.segments;
  const bytes = more === undefined ? files.get(name) : undefined;
  if (bytes === undefined || (first === undefined && name !== 'index.html')) {
    throw new Refusal('NOT_FOUND', 'the page has no such file');
  }
  const type = types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  exchange.bytes(200, bytes, { 'content-type': type, ...headers });
}
