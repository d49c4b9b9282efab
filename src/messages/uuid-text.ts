// UUIDs as text and as bytes. Any 16 bytes pass: a message's type comes from another process, which
// need not write a UUID that RFC 9562 knows.

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The text form of 16 bytes, in lower case. */
export function uuidText(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
    text += hex[bytes[i] as number];
  }
  return text;
}

/** The 16 bytes of a text that {@link isUuidText} accepts. */
export function uuidBytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll('-', ''), 'hex'));
}

/** Whether it is 32 hexadecimal digits in the groups of a UUID. */
export function isUuidText(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);
}
