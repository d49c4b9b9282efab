// A session over wires: its port, and the wires that were opened for it.
import { nestedClient, Session } from '../rpc/entry-port.js';
import type { Carrier } from './carrier.js';
import { WireError } from './errors.js';
import type { SettingsFor, WireEvent } from './options.js';
import { Wire } from './wire.js';
import { WirePort, type WireWatcher } from './wire-port.js';

/** What a session does beside its calls. */
export interface WireSessionSetup {
  /** For error texts. */
  readonly name: string;
  readonly settings: SettingsFor;
  /** Whether payloads are JSON. */
  readonly isText: boolean;
  readonly onWire: ((event: WireEvent) => void) | undefined;
  /** The session is over: nothing finds it any more. */
  readonly onEnd: () => void;
  /** Called when the port closes, before its wires do. */
  readonly closing?: () => Promise<void>;
  /** A wire has ended. Default: with the only wire the session ends, too. */
  readonly ended?: (error: WireError) => void;
}

/** One port, its session and its wires. */
export class WireSession implements WireWatcher {
  readonly port: WirePort;
  readonly session: Session;
  readonly isText: boolean;
  readonly #setup: WireSessionSetup;
  readonly #opening = new Map<Wire, { resolve(): void; reject(error: WireError): void }>();

  constructor(setup: WireSessionSetup) {
    this.#setup = setup;
    this.isText = setup.isText;
    this.port = new WirePort(setup.name, this, () => setup.closing?.() ?? Promise.resolve());
    this.session = new Session(
      this.port,
      // A method calls back whoever called it, and nobody else who has connected.
      (session, call, source, options) =>
        nestedClient(session, call, source, { ...(options as object), to: { id: call.from.id } }),
      setup.onEnd,
    );
  }

  /** Opens a wire over a carrier; resolves when its handshake is done. */
  add(carrier: Carrier): Promise<void> {
    const { port } = this;
    const wire = new Wire(port.nextPeer(), carrier, this.#setup.settings(carrier), port);
    return new Promise((resolve, reject) => {
      this.#opening.set(wire, { resolve, reject });
      port.add(wire);
    });
  }

  // ---- WireWatcher ----

  opened(wire: Wire): void {
    this.#tell('opened', wire);
    this.#opening.get(wire)?.resolve();
    this.#opening.delete(wire);
  }

  ended(wire: Wire, error: WireError): void {
    const opening = this.#opening.get(wire);
    this.#opening.delete(wire);
    this.#tell(opening === undefined ? 'closed' : 'refused', wire, error);
    opening?.reject(error);
    if (this.#setup.ended === undefined) this.port.end(error);
    else this.#setup.ended(error);
  }

  corrupted(wire: Wire, what: string): void {
    this.#tell('corrupted', wire, new WireError('WIRE_CORRUPTED', what));
  }

  #tell(change: WireEvent['change'], { peer, carrier: { name } }: Wire, error?: WireError): void {
    const { onWire } = this.#setup;
    if (onWire === undefined) return;
    // An error of the user's listener is no matter of the wire.
    queueMicrotask(() => onWire({ change, peer, name, error }));
  }
}
