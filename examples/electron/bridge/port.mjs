// MessagePorts come in two styles: the DOM's (renderers, Node's workers) and Electron's in its main and utility
// processes, an emitter of events.

/**
 * Calls back for whatever comes through `port`, and once when its other end is gone.
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
