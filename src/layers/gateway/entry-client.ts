// The entry `busbar/gateway/client`: clients of a gateway, by `fetch` alone. It loads neither the bus
// nor anything of Node.
export { connectHttp } from './client/connect-http.js';
export type { ConnectHttpOptions, FetchLike } from './client/options.js';
export { GatewayRefusedError } from './client/requests.js';
