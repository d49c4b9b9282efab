// Open boxes: the types of a message box decoded, and messages of all other types as they are. For
// programs that handle some types and pass others on.
import { mark } from '../brand.js';
import { show } from '../checks.js';
import { InvalidArgumentError } from '../errors/index.js';
import { BoxTable, boxTable, maxBoxTypes, openMark } from './box-table.js';
import { maxSent, RawTable } from './raw-table.js';
import type { MessageBox, OpenBox } from './types.js';

/** What the box itself holds; each endpoint has a table of its own. */
class SharedOpenTable extends BoxTable {
  readonly #known: BoxTable;

  constructor(known: BoxTable) {
    super({}, false);
    this.#known = known;
  }

  override open(setTypes: (ids: Uint8Array) => void): BoxTable {
    return new RawTable(setTypes, this.#known);
  }
}

/**
 * Makes a box of an endpoint that receives the types of `box` as that box has them, and messages of
 * every other type as the raw box does: `message.type` is their UUID, and `payload` a {@link
 * RawContent}. It sends messages of `box`, of any other box and of {@link raw}. Nothing is unknown
 * to such an endpoint. It is no box to make messages with: use `box`.
 * @throws InvalidArgumentError if `box` was not made by `messageBox`, or has more than 65,279 types.
 */
export function openBox<B extends MessageBox>(box: B): OpenBox<B> {
  const known = box?.[boxTable] as BoxTable | undefined;
  if (known === undefined || known.acceptsPlainValues || known.entries.length === 0) {
    throw new InvalidArgumentError(`box is ${show(box)}; expected one made by messageBox(…)`, {
      option: 'box',
    });
  }
  if (known.entries.length > maxBoxTypes - maxSent) {
    throw new InvalidArgumentError(
      `box has ${known.entries.length} types; an open box has at most ${maxBoxTypes - maxSent}`,
      { option: 'box', limit: maxBoxTypes - maxSent },
    );
  }
  const open = Object.assign(Object.create(null) as object, {
    [boxTable]: new SharedOpenTable(known),
    [openMark]: true,
  });
  mark(open, 'messageBox');
  return Object.freeze(open) as unknown as OpenBox<B>;
}
