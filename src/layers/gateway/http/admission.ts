// What every request must be before anything looks at what it wants: for this host, from no other
// web page, and with a path that means one thing only.
import type { IncomingMessage } from 'node:http';
import type { GatewayTarget } from './mount.js';
import { Refusal } from './refusal.js';

/** Which names a gateway goes by. */
export interface Names {
  /** Values of `host` beside those of this machine, as `example.com` or `example.com:8080`. */
  readonly hosts: ReadonlySet<string>;
  /** Values of `origin` beside the gateway's own, as `https://example.com`. */
  readonly origins: ReadonlySet<string>;
}

const ownHost = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/** The headers that two answers could be made of, if a proxy in front took the other one. */
const once = [
  'host',
  'origin',
  'authorization',
  'content-type',
  'content-length',
  'transfer-encoding',
];

/** Refuses a request that was not made for this gateway, whoever sends it. */
export function checkAddress(request: IncomingMessage, names: Names): void {
  checkHeaders(request);
  const { host, origin } = request.headers;
  // Somebody else's name may lead to this machine: a web page of that name would be of one origin
  // with the gateway.
  if (host === undefined || !(ownHost.test(host) || names.hosts.has(host))) {
    throw new Refusal('MISDIRECTED', 'the host is none of this gateway');
  }
  if (origin !== undefined) {
    if (origin !== `http://${host}` && !names.origins.has(origin)) {
      throw new Refusal('FORBIDDEN', 'web pages of this origin may not use the gateway');
    }
    return;
  }
  // Requests of pages without an origin: images, forms by GET, links.
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new Refusal('FORBIDDEN', 'other web pages may not use the gateway');
  }
}

/** Headers of a request; more are refused. */
const mostHeaders = 100;

// Node joins or drops what comes twice; here it is refused.
function checkHeaders({ rawHeaders, httpVersion }: IncomingMessage): void {
  if (httpVersion !== '1.1') throw new Refusal('BAD_REQUEST', 'expected HTTP/1.1');
  if (rawHeaders.length > 2 * mostHeaders) {
    throw new Refusal('BAD_REQUEST', `there are more than ${mostHeaders} headers`);
  }
  let seen = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const bit = once.indexOf((rawHeaders[at] as string).toLowerCase());
    if (bit < 0) continue;
    if ((seen & (1 << bit)) !== 0) throw new Refusal('BAD_REQUEST', 'a header is there twice');
    seen |= 1 << bit;
  }
}

const maxSegments = 8;
const plainPath = /^(?:\/[\w.~-]+)+$/;
const noQuery = new URLSearchParams();

/** Takes the target of a request apart. */
export function targetOf(url: string): GatewayTarget {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? noQuery : new URLSearchParams(url.slice(mark + 1));
  if (path === '/') return { segments: [], query };
  const segments = path.slice(1).split('/');
  if (path[0] !== '/' || segments.length > maxSegments) {
    throw new Refusal('BAD_REQUEST', 'the path is no path of a gateway');
  }
  if (plainPath.test(path) && !path.includes('/.')) return { segments, query };
  return { segments: segments.map(decodedSegment), query };
}

// One spelling for one thing: no empty segment, no dots that lead elsewhere, and nothing hidden by
// an escape.
function decodedSegment(segment: string): string {
  let text: string;
  try {
    text = decodeURIComponent(segment);
  } catch {
    throw new Refusal('BAD_REQUEST', 'an escape in the path is malformed');
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
  if (text === '' || text[0] === '.' || /[\x00-\x20/\\%\x7f]/.test(text)) {
    throw new Refusal('BAD_REQUEST', 'a part of the path is empty, begins with a dot or is unsafe');
  }
  return text;
}
