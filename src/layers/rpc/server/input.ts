// What a caller streams to a method: `call.input`.
import { closeFrame, decode, decodeItems } from '../coding.js';
import type { IncomingFrame } from '../port.js';
import { IncomingStream } from '../streams/incoming-stream.js';
import { firstBytes, firstItems, inputBytes, inputItems } from '../streams/window.js';
import { answerKind, flag, formatOf } from '../wire/format.js';
import { noMetadata, writeMetadata } from '../wire/metadata.js';
import type { Replies } from './replies.js';
import { type RunningCall, reasons } from './running-call.js';
import { layerError } from './write-error.js';

/** The input of a call, which the caller has begun to send. */
export function inputOf(replies: Replies, call: RunningCall): IncomingStream {
  const grant = (items: number, bytes: number) => {
    if (call.over) return;
    const { frame } = call;
    replies.answers.answer(
      frame.from.id,
      frame.id,
      formatOf(answerKind.credit, call.codec),
      undefined,
      writeMetadata({ ...noMetadata, creditItems: items, creditBytes: bytes }),
    );
  };
  const stream: IncomingStream = new IncomingStream(
    {
      // A method that reads its input gets the usual window.
      begin: () => stream.widen(firstItems - inputItems, firstBytes - inputBytes),
      grant,
      // The caller learns with the result that nobody reads on; its generator ends then.
      leave: () => undefined,
      overrun: () => {
        const text = 'there was more input than the server had given credit for';
        replies.fail(call, layerError('INVALID_ARGUMENT', text));
        call.abort(reasons.broken(text));
      },
    },
    inputItems,
    inputBytes,
  );
  return stream;
}

/** A frame of input: items, or the end. */
export function receiveInput(
  replies: Replies,
  call: RunningCall,
  kind: number,
  frame: IncomingFrame,
): void {
  const { inputStream } = call;
  const shape = call.handler.member.input;
  if (inputStream === undefined || shape === undefined || call.over) {
    closeFrame(frame);
    return;
  }
  const starved = (frame.format & flag.starved) !== 0;
  try {
    if (kind === answerKind.item) {
      inputStream.push([decode(shape, frame)], frame.size, starved);
    } else if (kind === answerKind.items) {
      inputStream.push(decodeItems(shape, frame), frame.size, starved);
    } else {
      closeFrame(frame);
      if (kind === answerKind.end) inputStream.end();
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const wrong = layerError('INVALID_ARGUMENT', `an item of the input is wrong: ${text}`);
    replies.fail(call, wrong);
    call.abort(reasons.broken(wrong.message));
  }
}
