// The trace among the fields of metadata, between its binary form on the bus and the headers of W3C
// Trace Context, which tools at NATS know.
import { metadataTag } from '../../base/metadata-tag.js';
import {
  contextBytes,
  formatTraceparent,
  isContext,
  parseTraceparent,
} from '../../base/trace-context.js';

/** Fields without the trace, and the trace as text. */
export interface SplitFields {
  readonly fields: Uint8Array;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

/** Most characters of a `tracestate` that is taken from a header. */
const mostState = 128;

// What may stand in a header: printable characters of ASCII.
const printable = /^[\x20-\x7e]*$/;

/** Takes the trace out of fields. */
export function splitTrace(fields: Uint8Array): SplitFields {
  let traceparent: string | undefined;
  let tracestate: string | undefined;
  const kept: number[] = [];
  for (let at = 0; at + 2 <= fields.length; ) {
    const tag = fields[at];
    const end = at + 2 + (fields[at + 1] as number);
    const value = fields.subarray(at + 2, end);
    if (tag === metadataTag.trace && value.length === contextBytes && isContext(value)) {
      traceparent = formatTraceparent(value);
    } else if (tag === metadataTag.traceState) {
      const text = Buffer.from(value).toString('latin1');
      if (printable.test(text)) tracestate = text;
    } else {
      for (let each = at; each < end; each++) kept.push(fields[each] as number);
    }
    at = end;
  }
  return { fields: Uint8Array.from(kept), traceparent, tracestate };
}

/** Adds the trace of headers to fields; one that makes no sense is left out, as the standard wants. */
export function joinTrace(fields: Uint8Array, traceparent: string, tracestate: string): Uint8Array {
  const context = traceparent === '' ? undefined : parseTraceparent(traceparent);
  if (context === undefined) return fields;
  const withState =
    tracestate !== '' && tracestate.length <= mostState && printable.test(tracestate);
  const state = withState ? Buffer.from(tracestate, 'latin1') : undefined;
  return Buffer.concat([
    fields,
    Uint8Array.of(metadataTag.trace, context.length),
    context,
    ...(state === undefined ? [] : [Uint8Array.of(metadataTag.traceState, state.length), state]),
  ]);
}
