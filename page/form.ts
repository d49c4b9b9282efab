// A form for the arguments of a method, made of their types.
import { el } from './dom.js';
import {
  type FieldKind,
  fieldKind,
  fieldsOf,
  type InterfaceModel,
  type TypeModel,
} from './model.js';

interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly input: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
}

/** A form that was filled in wrongly. */
export class FormError extends Error {}

/** The fields for some types. */
export class ArgumentForm {
  readonly element: HTMLElement;
  readonly #fields: readonly Field[];

  constructor(model: InterfaceModel, args: TypeModel | undefined) {
    const fields = Object.entries(fieldsOf(model, args));
    this.#fields = fields.map(([name, type], at) => fieldFor(model, name, type, at));
    this.element = el('div', {}, ...this.#fields.map(rowOf));
  }

  /** The arguments. Throws a {@link FormError}, and puts the focus where it belongs. */
  values(): Readonly<Record<string, unknown>> {
    const values: Record<string, unknown> = {};
    for (const field of this.#fields) {
      const value = typedValue(field);
      if (value !== undefined) values[field.name] = value;
    }
    return values;
  }
}

/** One field for one value. */
export function singleField(model: InterfaceModel, name: string, type: TypeModel): ArgumentForm {
  return new ArgumentForm(model, { struct: { [name]: type } });
}

function fieldFor(model: InterfaceModel, name: string, type: TypeModel, at: number): Field {
  const kind = fieldKind(model, type);
  const id = `field-${at}`;
  switch (kind.kind) {
    case 'bool':
      return { name, kind, input: el('input', { id, type: 'checkbox' }) };
    case 'enum': {
      const options = (kind.values ?? []).map((value) => el('option', {}, value));
      if (kind.optional) options.unshift(el('option', { value: '' }, '(none)'));
      return { name, kind, input: el('select', { id }, ...options) };
    }
    case 'json':
      return { name, kind, input: el('textarea', { id, rows: 3, spellcheck: 'false' }) };
    case 'number':
    case 'integer':
    case 'big': {
      const inputmode = kind.kind === 'number' ? 'decimal' : 'numeric';
      return {
        name,
        kind,
        input: el('input', { id, type: 'text', inputmode, autocomplete: 'off' }),
      };
    }
    default: {
      const placeholder = kind.kind === 'time' ? '2026-05-01T12:00:00Z' : undefined;
      return {
        name,
        kind,
        input: el('input', { id, type: 'text', placeholder, autocomplete: 'off' }),
      };
    }
  }
}

function rowOf({ name, kind, input }: Field): HTMLElement {
  const text = `${name}${kind.optional ? ' (optional)' : ''}`;
  const hint = [kind.text.length < 80 ? kind.text : '', kind.doc ?? ''].filter(
    (each) => each !== '',
  );
  const label = el('label', { for: input.id }, text);
  const note = el('p', { class: 'hint', id: `${input.id}-hint` }, hint.join(' · '));
  input.setAttribute('aria-describedby', note.id);
  return el('div', { class: 'field' }, label, input, note);
}

function typedValue({ name, kind, input }: Field): unknown {
  if (input instanceof HTMLInputElement && input.type === 'checkbox') return input.checked;
  const text = input.value.trim();
  if (text === '' && kind.optional) return undefined;
  const refuse = (expected: string): never => {
    input.focus();
    throw new FormError(`${name}: expected ${expected}`);
  };
  switch (kind.kind) {
    case 'number':
      return Number.isFinite(Number(text)) && text !== '' ? Number(text) : refuse('a number');
    case 'integer':
      return /^[+-]?\d+$/.test(text) ? Number(text) : refuse('an integer');
    case 'big':
      return /^[+-]?\d+$/.test(text) ? text : refuse('an integer');
    case 'json':
      try {
        return JSON.parse(text);
      } catch {
        return refuse('JSON');
      }
    default:
      return input.value;
  }
}
