// The kinds of message ports that a session can run over, as one: those of Node and of browsers,
// Electron's MessagePortMain, and a Worker or its parent.

/**
 * A `MessagePort` of Node or a browser, Electron's `MessagePortMain`, a worker or its `parentPort`.
 * Listening takes `on` or `addEventListener`.
 */
export interface PortLike {
  /** Sends a message, as a structured clone. */
  postMessage(message: unknown): void;
  /** Adds a listener, as Node's event emitters have it. */
  readonly on?: unknown;
  /** Adds a listener, as browsers have it. */
  readonly addEventListener?: unknown;
  /** Called once if it is a function. */
  readonly start?: unknown;
  /** Called at the end if it is a function. */
  readonly close?: unknown;
  /** Called while the port keeps the process alive. */
  readonly ref?: unknown;
  /** Called when the port no longer keeps the process alive. */
  readonly unref?: unknown;
}

/** Calls a method that a port may have. */
export function callOf(
  port: PortLike,
  name: Exclude<keyof PortLike, 'postMessage'>,
  ...values: unknown[]
): void {
  const method = port[name];
  if (typeof method === 'function') Reflect.apply(method, port, values);
}

/** What arrives. */
export interface ChannelEvents {
  readonly message: (data: unknown) => void;
  /** The other side is gone. */
  readonly closed: () => void;
}

/** Whether a value can be used as a message port. */
export function isPortLike(value: unknown): value is PortLike {
  if (typeof value !== 'object' || value === null) return false;
  const { postMessage, on, addEventListener } = value as Partial<PortLike>;
  return (
    typeof postMessage === 'function' &&
    (typeof on === 'function' || typeof addEventListener === 'function')
  );
}

/** Listens to a port, in the way that it has. */
export function listen(port: PortLike, events: ChannelEvents): void {
  if (typeof port.on === 'function') {
    // Node gives the message; Electron's main process gives an event.
    callOf(port, 'on', 'message', (value: unknown) => events.message(dataOf(value)));
    callOf(port, 'on', 'close', events.closed);
    callOf(port, 'on', 'exit', events.closed);
  } else {
    const message = (event: { readonly data: unknown }) => events.message(event.data);
    callOf(port, 'addEventListener', 'message', message);
    callOf(port, 'addEventListener', 'close', events.closed);
  }
  callOf(port, 'start');
}

// Frames are lists; an event is not.
function dataOf(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  return 'data' in value ? value.data : value;
}
