// What the members of the demo say to one another: one message box with five codecs. Shared by all of them.
import { bytes, json, messageBox, messageType, struct, text } from 'busbar';

/** 64 bytes, read in place by the receiver; the fields are as a C struct would have them. */
const readingCodec = struct({ number: 'u32', takenAt: 'f64', values: ['f64', 6] });

export const box = messageBox({
  /** Unicast to one worker; MessagePack. */
  Job: messageType('com.example.demo.job'),
  /** The worker's `message.reply()`; MessagePack. */
  Answer: messageType('com.example.demo.answer'),
  /** Multicast by the worker thread; a fixed layout. */
  Reading: messageType('com.example.demo.reading', { codec: readingCodec }),
  /** A piece of the file, multicast; raw bytes, whose format word is the low half of the piece's number. */
  Chunk: bytes,
  /** The keeper's sign of life; text, 'tick 17'. */
  Tick: text,
  /** The last message of a stream: how many there were before it; JSON. */
  End: json('com.example.demo.end'),
});

/** One reading, to be filled and sent again and again. */
export const newReading = () => readingCodec.create();
