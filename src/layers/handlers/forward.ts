// Routes that pass messages on as they are. The endpoint does not know their types, so it neither
// decodes nor encodes them: bytes go from one ring to the other.
import { show } from '../../base/show.js';
import { QueueFullError, type RawContent, raw, type Selector } from '../../index.js';
import { isSelector } from './checks.js';
import type { MessageContext } from './context.js';
import { TableError } from './errors.js';
import type { Run } from './middleware.js';
import type { ForwardTo } from './plan.js';

/** The handler of a route that forwards, and whom to, as lists show it. */
export function forwardRun(
  forward: unknown,
  key: string,
): { run: Run<MessageContext>; to: string | undefined } {
  const isTarget =
    typeof forward === 'string' || typeof forward === 'function' || isSelector(forward);
  if (!isTarget) {
    throw new TableError(
      `forward of '${key}' is ${show(forward)}; expected a selector or a function`,
      key,
    );
  }
  const to = forward as ForwardTo;
  return {
    run: (message, context) => {
      const content = message.payload as RawContent;
      const target = typeof to === 'function' ? to(content, message.from) : to;
      return pass(content, target, context);
    },
    to: typeof to === 'function' ? 'by message' : String(to),
  };
}

function pass(
  content: RawContent,
  to: Selector | string,
  context: MessageContext,
): Promise<void> | undefined {
  const { metadata, objects, regions } = context.message;
  const attached = objects.length > 0 || regions.length > 0;
  const plain = metadata === undefined && !attached;
  const options = plain
    ? undefined
    : { metadata, ...(attached ? { objects, regions } : undefined) };
  const message = raw.message(content) as never;
  try {
    context.send(to, message, options);
    return undefined;
  } catch (error) {
    if (!(error instanceof QueueFullError)) throw error;
    return context.sendWhenReady(to, message, options).then(() => undefined);
  }
}
