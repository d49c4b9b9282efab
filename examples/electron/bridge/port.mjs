// MessagePorts come in two styles: that of the DOM (renderers, Node's workers) and, in Electron's
// main and utility processes, that of an event emitter.

/**
 * Calls back for each message of `port`, and once when its other end is gone.
 * @param {any} port
 * @param {(data: unknown) => void} onMessage
 * @param {() => void} onClose
 */
export function listen(port, onMessage, onClose) {
  const add = (port.addEventListener ?? port.on).bind(port);
  add('message', (event) => onMessage(event.data));
  add('close', () => onClose());
  port.start();
}
