// The arguments of unicast() and multicast(). Never run: it passes by compiling.
import {
  anyone,
  type LabelExpression,
  label,
  multicast,
  type Peer,
  type Selector,
  unicast,
} from 'busbar';
import { same } from './same.js';

const expression = label('planet').and('rocky', label('busy').not()).or(anyone);
same<typeof expression, LabelExpression>();

const selector = unicast('moon & !busy');
same<typeof selector, Selector>();
unicast(expression);
unicast({ id: 7 });
declare const peer: Peer;
unicast(peer);
multicast(expression, { excludeSelf: true });

// @ts-expect-error A selector is not selected again.
unicast(selector);
// @ts-expect-error An id alone is not a peer.
unicast(7);
// @ts-expect-error A multicast to one peer is a unicast.
multicast({ id: 7 });
// @ts-expect-error The option is called excludeSelf.
multicast('moon', { exludeSelf: true });
// @ts-expect-error Selectors are immutable.
selector.kind = 'multicast';
// @ts-expect-error Numbers are not labels.
label(5);
