// Members and the traffic between them, on a canvas: thousands of links are too many for elements.
// Members of one process lie together. It is drawn when something has changed, and not else.
import { el, short } from './dom.js';
import { type Link, type Member, nameOf, type Picture } from './picture.js';

interface Node {
  readonly member: Member;
  readonly x: number;
  readonly y: number;
}

/** Radians between two members on the spiral: the golden angle, which never lines them up. */
const goldenAngle = Math.PI * (3 - Math.sqrt(5));

/** The view. */
export class Graph {
  readonly element: HTMLElement;
  readonly #canvas = el('canvas', {
    role: 'img',
    'aria-label': 'Members and the traffic between them; the list of members says the same',
  });
  readonly #tip = el('p', { class: 'tip' }, 'Point at a member to see its name and its traffic.');
  #nodes: readonly Node[] = [];
  #byId = new Map<number, Node>();
  #links: readonly Link[] = [];
  #layout = '';
  #pointed: Node | undefined;
  #due = false;
  /** Milliseconds that the last drawing took. */
  drawTime = 0;

  constructor() {
    this.element = el('section', {}, el('div', { class: 'graph' }, this.#canvas, this.#tip));
    this.#canvas.addEventListener('pointermove', (event) => this.#point(event));
    this.#canvas.addEventListener('pointerdown', (event) => this.#point(event));
    this.#canvas.addEventListener('pointerleave', () => this.#choose(undefined));
    new ResizeObserver(() => this.#drawSoon()).observe(this.#canvas);
  }

  show({ members, links }: Picture): void {
    this.#links = links;
    const layout = members.map(({ id, name, state }) => `${id} ${name} ${state}`).join();
    if (layout !== this.#layout) {
      this.#layout = layout;
      this.#place(members);
    }
    this.#tell();
    this.#drawSoon();
  }

  /** The colours have changed. */
  restyle(): void {
    this.#drawSoon();
  }

  // In a unit circle.
  #place(members: readonly Member[]): void {
    const sorted = [...members].sort((a, b) => a.pid - b.pid || a.id - b.id);
    const few = sorted.length <= 24;
    this.#nodes = sorted.map((member, at) => {
      const angle = few ? (2 * Math.PI * at) / sorted.length - Math.PI / 2 : at * goldenAngle;
      const radius = few ? (sorted.length === 1 ? 0 : 0.8) : Math.sqrt((at + 0.5) / sorted.length);
      return { member, x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
    });
    this.#byId = new Map(this.#nodes.map((node) => [node.member.id, node]));
    if (this.#pointed !== undefined) this.#pointed = this.#byId.get(this.#pointed.member.id);
  }

  #drawSoon(): void {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#draw();
    });
  }

  #draw(): void {
    const began = performance.now();
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (width === 0 || height === 0) return;
    const scale = devicePixelRatio;
    canvas.width = width * scale;
    canvas.height = height * scale;
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const place = this.#placeIn(width, height);
    this.#drawLinks(context, place, colour('--accent'));
    this.#drawNodes(context, place, colour);
    this.drawTime = performance.now() - began;
  }

  #placeIn(width: number, height: number): (node: Node) => readonly [number, number] {
    const margin = Math.min(70, width / 8);
    const [wide, high] = [width / 2 - margin, height / 2 - Math.min(50, height / 8)];
    return ({ x, y }) => [width / 2 + x * wide, height / 2 + y * high];
  }

  #drawLinks(
    context: CanvasRenderingContext2D,
    place: (node: Node) => readonly [number, number],
    colour: string,
  ): void {
    context.strokeStyle = colour;
    const pointed = this.#pointed?.member.id;
    const crowded = this.#links.length > 500 && pointed === undefined;
    // One path for each width: thousands of strokes take longer than a few long ones.
    const paths = new Map<number, Path2D>();
    for (const { from, to, messages } of this.#links) {
      const [a, b] = [this.#byId.get(from), this.#byId.get(to)];
      if (a === undefined || b === undefined || a === b) continue;
      const strong = pointed === undefined || pointed === from || pointed === to;
      const width = Math.min(5, 1 + Math.floor(Math.log10(1 + messages)));
      const key = strong ? width : -width;
      let path = paths.get(key);
      if (path === undefined) {
        path = new Path2D();
        paths.set(key, path);
      }
      const [[ax, ay], [bx, by]] = [place(a), place(b)];
      path.moveTo(ax, ay);
      // To the right of its way, so that both directions are seen.
      const bend = 0.08;
      path.quadraticCurveTo(
        (ax + bx) / 2 - (by - ay) * bend,
        (ay + by) / 2 + (bx - ax) * bend,
        bx,
        by,
      );
    }
    for (const [key, path] of paths) {
      context.globalAlpha = key > 0 ? (crowded ? 0.14 : 0.55) : 0.06;
      context.lineWidth = Math.abs(key) / (crowded ? 3 : 1);
      context.stroke(path);
    }
    context.globalAlpha = 1;
  }

  #drawNodes(
    context: CanvasRenderingContext2D,
    place: (node: Node) => readonly [number, number],
    colour: (name: string) => string,
  ): void {
    const names = this.#nodes.length <= 60;
    const size = names ? 8 : this.#nodes.length > 300 ? 3 : 5;
    const colours = {
      running: colour('--accent'),
      stopped: colour('--warn'),
      gone: colour('--bad'),
      text: colour('--text'),
      ground: colour('--raised'),
    };
    context.font = '12px system-ui, sans-serif';
    context.textAlign = 'center';
    for (const node of this.#nodes) {
      const { member } = node;
      const [x, y] = place(node);
      context.beginPath();
      context.arc(x, y, node === this.#pointed ? size + 3 : size, 0, 2 * Math.PI);
      context.fillStyle = colours[member.state as 'running'] ?? colours.running;
      context.fill();
      if (member.controller) {
        context.lineWidth = 2;
        context.strokeStyle = colours.text;
        context.stroke();
      }
      if (!names && node !== this.#pointed) continue;
      const name = nameOf(member);
      const text = name.length > 28 ? `${name.slice(0, 27)}…` : name;
      context.lineWidth = 3;
      context.strokeStyle = colours.ground;
      const half = context.measureText(text).width / 2 + 4;
      const middle = Math.max(half, Math.min(this.#canvas.clientWidth - half, x));
      context.strokeText(text, middle, y + size + 14);
      context.fillStyle = colours.text;
      context.fillText(text, middle, y + size + 14);
    }
  }

  #point({ offsetX, offsetY }: PointerEvent): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const place = this.#placeIn(clientWidth, clientHeight);
    let nearest: Node | undefined;
    let least = 30 ** 2;
    for (const node of this.#nodes) {
      const [x, y] = place(node);
      const distance = (x - offsetX) ** 2 + (y - offsetY) ** 2;
      if (distance < least) [nearest, least] = [node, distance];
    }
    if (nearest !== this.#pointed) this.#choose(nearest);
  }

  #choose(node: Node | undefined): void {
    this.#pointed = node;
    this.#tell();
    this.#drawSoon();
  }

  #tell(): void {
    const member = this.#pointed?.member;
    if (member === undefined) return;
    const { id } = member;
    const sum = (end: 'from' | 'to') =>
      this.#links.reduce((all, link) => (link[end] === id ? all + link.messages : all), 0);
    const facts = [
      nameOf(member),
      `process ${member.pid} ${member.process}`.trim(),
      member.state + (member.controller ? ', controller' : ''),
      `sends ${short(sum('from'))}/s, receives ${short(sum('to'))}/s`,
    ];
    this.#tip.textContent = facts.join(' · ');
  }
}
