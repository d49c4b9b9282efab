// The context of a trace in its two forms: 25 bytes on the bus, and the text `traceparent` of W3C
// Trace Context for tools.

/** Bytes of a context: trace id 16, parent id 8, flags 1. */
export const contextBytes = 25;

const traceBytes = 16;
const flagsAt = 24;
/** Version, trace id, parent id, flags, with hyphens between. Versions after 00 may have more. */
const pattern = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-|$)/;

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01` */
export function formatTraceparent(context: Uint8Array): string {
  let text = '00-';
  for (let at = 0; at < contextBytes; at++) {
    if (at === traceBytes || at === flagsAt) text += '-';
    text += hex[context[at] as number];
  }
  return text;
}

/** The context in a `traceparent`; `undefined` if the text is none. */
export function parseTraceparent(text: string): Uint8Array | undefined {
  const length = 55;
  if (text.length < length || !pattern.test(text)) return undefined;
  // A later version may say more, which is not ours to hand on.
  if (text.length > length && text.startsWith('00')) return undefined;
  const context = new Uint8Array(contextBytes);
  let from = 3;
  for (let at = 0; at < contextBytes; at++) {
    if (at === traceBytes || at === flagsAt) from++;
    context[at] = (digit(text, from) << 4) | digit(text, from + 1);
    from += 2;
  }
  return context;
}

/** Whether a context has both ids, as a peer should have written it. */
export function isContext(bytes: Uint8Array): boolean {
  return (
    bytes.length === contextBytes &&
    bytes.subarray(0, traceBytes).some((byte) => byte !== 0) &&
    bytes.subarray(traceBytes, flagsAt).some((byte) => byte !== 0)
  );
}

// '0' is 48, 'a' is 97.
function digit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 58 ? code - 48 : code - 87;
}
