// What one wire is about to send: the frames of a turn of the event loop are written one behind the
// other and go to the carrier together. While the carrier takes nothing, they wait here, bounded.
import type { Carrier } from './carrier.js';
import { ByteWriter } from './frames/byte-writer.js';
import { uint32At } from './frames/frame.js';
import type { Framing } from './framing/framing.js';

const headBytes = 4;

/** The frames of one wire that the carrier does not have yet. */
export class Outbox {
  /** Frames are written here, between {@link begin} and {@link end}. */
  readonly writer = new ByteWriter();
  readonly #carrier: Carrier;
  readonly #framing: Framing;
  readonly #most: number;
  /** The numbers of the calls among the frames. */
  #calls: number[] = [];
  #blocked = false;
  #held = false;
  #waiting: (() => void)[] = [];

  constructor(carrier: Carrier, framing: Framing, most: number) {
    this.#carrier = carrier;
    this.#framing = framing;
    this.#most = most;
  }

  /** Whether a frame has to wait for room. */
  get isFull(): boolean {
    return this.writer.size >= this.#most;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.writer.size === 0;
  }

  /** Frames stay here until {@link release}. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
  }

  /** Begins a frame; returns its place for {@link end}. */
  begin(): number {
    const { writer } = this;
    const offset = writer.size;
    writer.u32(0);
    return offset;
  }

  /** Ends the frame; `call` is its number if it is a call. Returns the bytes of the frame. */
  end(offset: number, call = 0): number {
    const { writer } = this;
    const at = writer.start + offset;
    const length = writer.at - at - headBytes;
    writer.view.setUint32(at, length, true);
    if (call !== 0) this.#calls.push(call);
    return length;
  }

  /** Takes a frame back that was begun. */
  cancel(offset: number): void {
    this.writer.at = this.writer.start + offset;
  }

  /** Adds a whole frame. */
  add(frame: Uint8Array): void {
    const offset = this.begin();
    this.writer.raw(frame);
    this.end(offset);
  }

  /** Gives the frames to the carrier, unless it takes nothing now. */
  flush(): void {
    if (this.#blocked || this.#held || this.isEmpty) return;
    const frames = this.writer.take();
    this.#calls = [];
    const { name } = this.#framing;
    if (name === 'length') this.#write(frames);
    else this.#writeEach(frames);
    if (!this.#blocked) this.#room();
  }

  /** The carrier takes more. */
  drained(): void {
    this.#blocked = false;
    this.flush();
    if (!this.#blocked && this.isEmpty) this.#room();
  }

  /** Resolves when there is room, or the wire is over. */
  whenRoom(): Promise<void> {
    if (!this.isFull && !this.#blocked) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when the carrier has all frames, or the wire is over. */
  whenEmpty(): Promise<void> {
    if (this.isEmpty && !this.#blocked) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The wire is over. Returns the calls that were surely not sent. */
  finish(): readonly number[] {
    const calls = this.#calls;
    this.#calls = [];
    this.writer.take();
    this.#blocked = true;
    this.#room();
    return calls;
  }

  #write(bytes: Uint8Array): void {
    if (!this.#carrier.write(bytes)) this.#blocked = true;
  }

  #writeEach(frames: Uint8Array): void {
    for (let at = 0; at < frames.length; ) {
      const end = at + headBytes + uint32At(frames, at);
      this.#write(this.#framing.wrap(frames.subarray(at + headBytes, end)));
      at = end;
    }
  }

  #room(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
