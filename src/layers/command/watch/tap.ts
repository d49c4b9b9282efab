// The command `tap`: what members send to each other, as it goes by. An observer sees it, so nobody
// waits for it; what it is too slow for is counted.
import { shownPeer } from '../bus/member-rows.js';
import { chosenBus } from '../bus/which-bus.js';
import { exitCode } from '../failure.js';
import { type Form, formOf } from '../table.js';
import { clean, cut } from '../text.js';
import { numberOf, type OptionValues, type Output, type Run, textOf } from '../usage.js';
import { shortText } from '../values/json-value.js';
import { endOn } from './end-on.js';
import { lossOf, Seeing, type SeenMessage } from './seen.js';
import { watching } from './watching.js';
import { parseWhere, type Where } from './where.js';

/** Shows messages until it is interrupted, or has shown as many as asked for. */
export const tap: Run = async ([selector], options, output) => {
  const bus = chosenBus(options, output);
  const where = whereOf(options);
  const most = numberOf(options, 'count', 1) ?? Number.POSITIVE_INFINITY;
  const { types, servers, ...watch } = await watching(bus, selector, options, output);
  await using observer = watch.observer;
  const stop = endOn(observer, numberOf(options, 'seconds', 0), output);
  await servers.learnFrom(observer);
  const printer = new Printer(formOf(options, output), output, options.redact === true);
  const seeing = new Seeing(types, options.redact === true);
  if (formOf(options, output) === 'table') output.complain(`busbar: observing '${bus.name}'`);
  try {
    for await (const seen of observer) {
      if (seen.kind === 'lost') {
        printer.loss(seen);
        continue;
      }
      servers.learnLater(observer, types.get(seen.typeId) === undefined);
      const message = seeing.see(seen);
      if (!where(message.value, message)) continue;
      printer.message(message);
      if (printer.shown >= most) break;
    }
  } finally {
    stop();
  }
  if (printer.lost > 0) {
    output.complain(`busbar: ${printer.lost} messages were lost; narrow it down, or --bytes 0`);
  }
  return output.interrupted.aborted ? exitCode.interrupted : exitCode.ok;
};

function whereOf(options: OptionValues): Where {
  const text = textOf(options, 'where');
  return text === undefined ? () => true : parseWhere(text);
}

/** Writes messages, one a line. */
class Printer {
  shown = 0;
  lost = 0;
  readonly #form: Form;
  readonly #output: Output;
  readonly #redact: boolean;

  constructor(form: Form, output: Output, redact: boolean) {
    this.#form = form;
    this.#output = output;
    this.#redact = redact;
  }

  message({ value, ...message }: SeenMessage & { readonly value: unknown }): void {
    this.shown++;
    if (this.#form === 'json') this.#output.print(JSON.stringify(message));
    else if (this.#form === 'tabs') this.#output.print(fieldsOf(message).map(clean).join('\t'));
    else this.#output.print(this.#line(message, value));
  }

  loss(seen: Parameters<typeof lossOf>[0]): void {
    const loss = lossOf(seen);
    this.lost += loss.count;
    if (this.#form === 'json') this.#output.print(JSON.stringify(loss));
    else if (this.#form === 'tabs') {
      this.#output.print(['', 'lost', clean(shownPeer(loss.from)), '', '', loss.count].join('\t'));
    } else {
      const who = clean(shownPeer(loss.from));
      this.#output.print(this.#coloured('33', `… ${loss.count} messages of ${who} were lost`));
    }
  }

  #line(message: SeenMessage, value: unknown): string {
    const { time, from, role, bytes, encoding, reason } = message;
    const payload =
      encoding === 'none'
        ? ''
        : encoding === 'cut'
          ? `<the first of ${bytes} bytes>`
          : shortText(this.#redact ? message.payload : value);
    const end = [
      payload,
      message.objects > 0 ? `+${message.objects} objects` : '',
      message.regions > 0 ? `+${message.regions} regions` : '',
      reason === undefined ? '' : `undelivered: ${reason}`,
    ].filter((text) => text !== '');
    const head = `${clock(time)} ${shownPeer(from)} → ${shownReceivers(message)}`;
    const type = `${message.type ?? message.typeId.slice(0, 8)}${role === 'message' ? '' : ` ${role}`}`;
    const columns = this.#output.terminal()?.columns ?? 80;
    const line = clean([head, type, ...end].join('  '));
    const fitted = cut(line, columns);
    return reason === undefined ? fitted : this.#coloured('31', fitted);
  }

  #coloured(code: string, text: string): string {
    return this.#output.colour ? `\u001b[${code}m${text}\u001b[39m` : text;
  }
}

/** Time, kind, sender, receivers, type, role, bytes, payload. */
function fieldsOf(message: SeenMessage): readonly string[] {
  const { time, kind, from, type, typeId, role, bytes, encoding, payload, reason } = message;
  return [
    new Date(time).toISOString(),
    kind,
    shownPeer(from),
    shownReceivers(message),
    type ?? typeId,
    role,
    String(bytes),
    reason ?? (encoding === 'none' ? '' : encoding === 'cut' ? '<cut>' : JSON.stringify(payload)),
  ];
}

function shownReceivers({ to, receivers }: SeenMessage): string {
  if (receivers === 0) return 'nobody';
  const [first] = to;
  if (first === undefined) return `${receivers} members`;
  return receivers === 1 ? shownPeer(first) : `${shownPeer(first)} and ${receivers - 1} more`;
}

function clock(time: number): string {
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, '0');
  const seconds = (date.getSeconds() + (time % 1000) / 1000).toFixed(6).padStart(9, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${seconds}`;
}
