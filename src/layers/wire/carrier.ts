// What carries the bytes of a wire: the seam between wires and sockets, pipes, WebSockets, or
// whatever a program has. A carrier knows nothing of frames.

/** What a carrier reports. None of the functions throws. */
export interface CarrierEvents {
  /** Bytes have come, in order; the carrier does not write to them any more. */
  data(bytes: Uint8Array): void;
  /** After `write` returned false: more may be written now. */
  drain(): void;
  /** Bytes were changed or lost on the way; they are sent again. */
  corrupted?(what: string): void;
  /** Nothing more comes; `error` if that is because of one. Called once. */
  end(error?: unknown): void;
}

/** Carries bytes in order, both ways. */
export interface Carrier {
  /** For error texts: `tcp 127.0.0.1:4711`. */
  readonly name: string;
  /** Whether each `write` arrives as one `data`, as over a WebSocket. Default: false. */
  readonly keepsMessages?: boolean | undefined;
  /**
   * Whether the other side can vanish without an end of the bytes, as over a network. Then a ping
   * asks for it while the wire is idle. Default: false.
   */
  readonly canVanish?: boolean | undefined;
  /** Begins to report. Called once. */
  open(events: CarrierEvents): void;
  /**
   * Sends bytes, which are the carrier's from now on. Returns false if no more should be written
   * until `drain`.
   */
  write(bytes: Uint8Array): boolean;
  /** Ends once all that was written is sent. `end` is reported when the other side has ended, too. */
  close(): void;
  /** Ends at once; what was not sent yet is lost. */
  destroy(): void;
  /** Whether it keeps the process alive. */
  setReferenced?(wanted: boolean): void;
}

/** Makes the carrier of a wire, for {@link connectWire}: an address that can be dialled. */
export interface Dialer {
  /** For error texts. */
  readonly name: string;
  /**
   * Connects.
   * @throws Any error if nobody listens there.
   */
  dial(signal: AbortSignal): Promise<Carrier>;
}

/** Waits for others to connect, for {@link serveWire}. */
export interface Listener {
  /** For error texts. */
  readonly name: string;
  /**
   * Begins to listen, and gives each carrier to `accept`.
   * @throws Any error if it cannot listen there.
   */
  listen(accept: (carrier: Carrier) => void): Promise<void>;
  /** Accepts no more. Carriers that were given away go on. */
  close(): Promise<void>;
  /** Whether it keeps the process alive. */
  setReferenced?(wanted: boolean): void;
}
