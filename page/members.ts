// The list of members, with a filter, in any order.
import { el, labelled, short } from './dom.js';
import { type Member, nameOf, type Picture } from './picture.js';

interface Row {
  readonly member: Member;
  readonly name: string;
  readonly sent: number;
  readonly received: number;
}

interface Column {
  readonly title: string;
  readonly of: (row: Row) => string | number;
  readonly cell: (row: Row) => string | Node;
  readonly className?: string;
}

const columns: readonly Column[] = [
  { title: 'Member', of: ({ name }) => name.toLowerCase(), cell: ({ name }) => name },
  { title: 'State', of: stateOf, cell: stateOf },
  {
    title: 'Sent/s',
    of: ({ sent }) => -sent,
    cell: ({ sent }) => short(sent),
    className: 'number',
  },
  {
    title: 'Received/s',
    of: ({ received }) => -received,
    cell: ({ received }) => short(received),
    className: 'number',
  },
  {
    title: 'Serves',
    of: ({ member }) => member.interfaces.join(),
    cell: ({ member }) =>
      el('span', {}, ...member.interfaces.map((name) => el('span', { class: 'chip' }, name))),
    className: 'wide',
  },
  {
    title: 'Process',
    of: ({ member }) => member.pid,
    cell: ({ member }) => `${member.process} ${member.pid}`.trim(),
    className: 'wide',
  },
];

function stateOf({ member }: Row): string {
  return member.state + (member.controller ? ', controller' : '');
}

/** Rows that are shown; a filter finds the others. */
const mostRows = 500;

/** The view. */
export class Members {
  readonly element: HTMLElement;
  readonly #filter = el('input', { type: 'search', placeholder: 'name, interface or process' });
  readonly #count = el('p', { class: 'quiet', role: 'status' });
  readonly #body = el('tbody');
  readonly #heads: readonly HTMLTableCellElement[];
  #picture: Picture | undefined;
  #order = 0;
  #down = false;

  constructor() {
    this.#filter.addEventListener('input', () => this.#render());
    this.#heads = columns.map(({ title, className }, at) =>
      el(
        'th',
        { scope: 'col', ...(className !== undefined && { class: className }) },
        el('button', { type: 'button', onclick: () => this.#sortBy(at) }, title),
      ),
    );
    const head = el('thead', {}, el('tr', {}, ...this.#heads));
    const bar = el('div', { class: 'bar' }, labelled('Filter', this.#filter), this.#count);
    const table = el('table', {}, head, this.#body);
    const scroll = el('div', { class: 'scroll', tabindex: 0, 'aria-label': 'Members' }, table);
    this.element = el('section', {}, bar, scroll);
  }

  show(picture: Picture): void {
    this.#picture = picture;
    if (!this.element.hidden) this.#render();
  }

  /** It has come into view. */
  enter(): void {
    this.#render();
  }

  #sortBy(column: number): void {
    this.#down = this.#order === column && !this.#down;
    this.#order = column;
    this.#render();
  }

  #rows({ members, links }: Picture): Row[] {
    const [sent, received] = [new Map<number, number>(), new Map<number, number>()];
    for (const { from, to, messages } of links) {
      sent.set(from, (sent.get(from) ?? 0) + messages);
      received.set(to, (received.get(to) ?? 0) + messages);
    }
    const wanted = this.#filter.value.trim().toLowerCase();
    return members
      .map((member) => ({
        member,
        name: nameOf(member),
        sent: sent.get(member.id) ?? 0,
        received: received.get(member.id) ?? 0,
      }))
      .filter(({ member, name }) => {
        const { interfaces, process, pid } = member;
        const text = `${name} ${interfaces.join(' ')} ${process} ${pid}`;
        return text.toLowerCase().includes(wanted);
      });
  }

  #render(): void {
    if (this.#picture === undefined) return;
    const { of } = columns[this.#order] as Column;
    const rows = this.#rows(this.#picture).sort((a, b) => {
      const [x, y] = [of(a), of(b)];
      const order = x < y ? -1 : x > y ? 1 : a.member.id - b.member.id;
      return this.#down ? -order : order;
    });
    for (const [at, head] of this.#heads.entries()) {
      const order = at === this.#order ? (this.#down ? 'descending' : 'ascending') : 'none';
      head.setAttribute('aria-sort', order);
    }
    const all = this.#picture.members.length;
    const more = rows.length > mostRows ? `, the first ${mostRows} shown` : '';
    this.#count.textContent = `${rows.length} of ${all} members${more}`;
    const cells = (row: Row) =>
      columns.map(({ cell, className }) =>
        el('td', className === undefined ? {} : { class: className }, cell(row)),
      );
    this.#body.replaceChildren(
      ...rows.slice(0, mostRows).map((row) => el('tr', {}, ...cells(row))),
    );
  }
}
