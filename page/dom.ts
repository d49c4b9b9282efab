// Makes elements. Text is always set as text, so nothing that a member wrote is ever markup.

type Child = Node | string | undefined;
type Properties = Readonly<
  Record<string, string | number | boolean | ((event: Event) => void) | undefined>
>;

/** An element with attributes, listeners (`onclick`) and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** A field with its name above it. */
export function labelled(text: string, field: HTMLElement, className = ''): HTMLLabelElement {
  const label = el('label', className === '' ? {} : { class: className });
  if (className === 'check') label.append(field, text);
  else label.append(text, field);
  return label;
}

/** A number as people read it: 12, 3.4k, 1.2M. */
export function short(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)}k`;
  return value === 0 || value >= 10 ? value.toFixed(0) : value.toFixed(1);
}
