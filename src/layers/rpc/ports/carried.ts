// Which messages of this thread carry calls. Tools that tell about messages leave these out, since
// the calls are told about by themselves.

/** By endpoint: the types that carry calls, or `undefined` if all do. */
const endpoints = new Map<number, ReadonlySet<string> | undefined>();

/** All messages of this endpoint carry calls, or those of these types. */
export function carriesCalls(endpointId: number, types?: ReadonlySet<string>): void {
  endpoints.set(endpointId, types);
}

/** The endpoint is closed. */
export function carriesNothing(endpointId: number): void {
  endpoints.delete(endpointId);
}

/** @internal Whether a message of this type that an endpoint sends or gets carries a call. */
export function isCarrier(endpointId: number, typeId: string): boolean {
  const types = endpoints.get(endpointId);
  return types === undefined ? endpoints.has(endpointId) : types.has(typeId);
}
