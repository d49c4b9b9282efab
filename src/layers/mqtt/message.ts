// Messages of a broker, as both profiles see them. What arrives was written by anybody.

/** How sure a delivery is: 0 at most once, 1 at least once, 2 exactly once. */
export type Qos = 0 | 1 | 2;

/** User properties by their names. A name that comes several times counts once, the first. */
export type UserProperties = Readonly<Record<string, string>>;

/** What a message has beside topic and payload. */
export interface MessageProperties {
  readonly contentType?: string | undefined;
  readonly responseTopic?: string | undefined;
  readonly correlation?: Uint8Array | undefined;
  /** Seconds that are left. */
  readonly expiry?: number | undefined;
  readonly user?: UserProperties | undefined;
}

/** A message to publish. */
export interface OutgoingMessage extends MessageProperties {
  readonly topic: string;
  readonly payload: Uint8Array | string;
  readonly qos: Qos;
  readonly retain?: boolean | undefined;
}

/** A message that arrived. */
export interface ArrivedMessage extends MessageProperties {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  /** Whether it was retained before the subscription was made. */
  readonly retain: boolean;
  readonly user: UserProperties;
}

/** What MQTT.js has of a message; everything may be missing. */
export interface RawPacket {
  readonly topic: string;
  readonly payload: Uint8Array | string;
  readonly qos: number;
  readonly retain: boolean;
  readonly properties?: {
    readonly messageExpiryInterval?: number;
    readonly responseTopic?: string;
    readonly correlationData?: Uint8Array;
    readonly userProperties?: Readonly<Record<string, string | string[]>>;
    readonly subscriptionIdentifier?: number | number[];
    readonly contentType?: string;
  };
}

/** A message of MQTT.js. */
export function arrivedOf(packet: RawPacket): ArrivedMessage {
  const { topic, payload, qos, retain, properties = {} } = packet;
  return {
    topic,
    payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
    qos: qos === 0 || qos === 1 ? qos : 2,
    retain,
    contentType: properties.contentType,
    responseTopic: properties.responseTopic,
    correlation: properties.correlationData,
    expiry: properties.messageExpiryInterval,
    user: userOf(properties.userProperties),
  };
}

function userOf(given: Readonly<Record<string, string | string[]>> | undefined): UserProperties {
  const user: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(given ?? {})) {
    user[name] = typeof value === 'string' ? value : (value[0] ?? '');
  }
  return user;
}

/** The properties as MQTT.js wants them. */
export function rawProperties(message: MessageProperties): NonNullable<RawPacket['properties']> {
  const { contentType, responseTopic, correlation, expiry, user } = message;
  return {
    ...(contentType !== undefined && { contentType }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(correlation !== undefined && { correlationData: Buffer.from(correlation) }),
    ...(expiry !== undefined && { messageExpiryInterval: expiry }),
    // MQTT.js writes a packet that is none where there are no user properties at all.
    ...(user !== undefined && Object.keys(user).length > 0 && { userProperties: { ...user } }),
  };
}
