// A client of a broker that is no bridge: what other programs, and hostile ones, do.
import type { ExecutionContext } from 'ava';
import { connectAsync, type IClientPublishOptions, type MqttClient } from 'mqtt';
import type { IPublishPacket } from 'mqtt-packet';

/** A message that arrived. */
export interface Heard {
  readonly topic: string;
  readonly text: string;
  readonly packet: IPublishPacket;
}

/** A client. */
export class OtherClient {
  readonly client: MqttClient;
  readonly heard: Heard[] = [];
  #look = () => {};

  private constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (topic, payload, packet) => {
      this.heard.push({ topic, text: payload.toString(), packet });
      this.#look();
    });
  }

  /** Connects; it ends with the test. */
  static async connect(t: ExecutionContext, url: string, filters: string[] = []) {
    const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 50 });
    const other = new OtherClient(client);
    t.teardown(() => client.endAsync(true));
    if (filters.length > 0) await client.subscribeAsync(filters, { qos: 1, rap: true });
    return other;
  }

  /** The first message that suits, waiting for it; it is heard no more. */
  async hear(suits: (heard: Heard) => boolean): Promise<Heard> {
    for (;;) {
      const at = this.heard.findIndex(suits);
      if (at >= 0) return this.heard.splice(at, 1)[0] as Heard;
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }

  /** Publishes, and waits until the broker has confirmed it. */
  async publish(topic: string, payload: string | Buffer, options: IClientPublishOptions = {}) {
    await this.client.publishAsync(topic, payload, { qos: 1, ...options });
  }
}
