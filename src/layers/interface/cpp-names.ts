// Names in generated C++: snake case for members, as C++ has it, and none that the language, the
// preprocessor or the runtime takes.
import { nameIn } from './reserved-words.js';

/**
 * What headers of the systems define as macros, windows.h above all, and the namespaces that
 * generated code names.
 */
const macros: ReadonlySet<string> = new Set([
  ...[
    'alloca',
    'assert',
    'cdecl',
    'environ',
    'errno',
    'far',
    'hyper',
    'interface',
    'linux',
    'major',
  ],
  ...['makedev', 'minor', 'near', 'pascal', 'small', 'stderr', 'stdin', 'stdout', 'unix'],
  ...['busbar', 'rpc', 'std'],
  ...['ABSOLUTE', 'ALTERNATE', 'BUFSIZ', 'CALLBACK', 'CDECL', 'CONST', 'DELETE', 'DIFFERENCE'],
  ...['DOMAIN', 'DUPLICATE', 'EOF', 'ERROR', 'FALSE', 'FAR', 'HUGE', 'I', 'IGNORE', 'IN'],
  ...['INFINITE', 'INFINITY', 'INTERFACE', 'NAN', 'NEAR', 'NOERROR', 'NULL', 'OPAQUE', 'OPTIONAL'],
  ...['OUT', 'OVERFLOW', 'PASCAL', 'PLANES', 'PURE', 'REGISTERED', 'REGISTERING', 'RELATIVE'],
  ...['SIGINT', 'STRICT', 'SYNCHRONIZE', 'TECHNOLOGY', 'TRANSPARENT', 'TRUE', 'UNDERFLOW'],
  ...['VOID', 'WINDING'],
]);

/** Windows numbers the parts of its dialogs: `rad1` and `grp1` are macros, too. */
const dialogParts = /^(?:chx|cmb|ctl|edt|frm|grp|ico|lst|psh|rad|rct|scr|stc)\d+$/;

/** What every struct, client and server has itself. */
const members: ReadonlySet<string> = new Set([
  ...['fields', 'error_code', 'options', 'close', 'stay_with_one_server'],
]);

/** The words of a name in lower case, joined by `_`: `setHTTPTarget` becomes `set_http_target`. */
function snake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replace(/[-_]+/g, '_')
    .toLowerCase();
}

/** A name with a capital letter for each word: `set_target` becomes `SetTarget`. */
export function pascal(name: string): string {
  const words = name.split(/[-_]+/).filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

/** Gives out names of one scope, each once. */
export class Scope {
  readonly #taken = new Set<string>();

  /** The first of these names that is free; else the last one with a number. */
  take(...wanted: readonly string[]): string {
    for (const each of wanted.map(allowed)) if (this.#add(each)) return each;
    const last = allowed(wanted.at(-1) ?? '').replace(/_$/, '');
    for (let number = 2; ; number++) {
      const numbered = `${last}${/\d$/.test(last) ? '_' : ''}${number}`;
      if (this.#add(numbered)) return numbered;
    }
  }

  /** The name of a field, member or enumerator. */
  takeMember(name: string): string {
    return this.take(snake(name));
  }

  #add(name: string): boolean {
    if (this.#taken.has(name)) return false;
    this.#taken.add(name);
    return true;
  }
}

function allowed(name: string): string {
  // Names with __ belong to the compiler.
  const single = name.replace(/__+/g, '_');
  const named = nameIn('cpp', single);
  const isTaken = macros.has(named) || members.has(named) || dialogParts.test(named);
  return isTaken ? `${named.replace(/_$/, '')}_` : named;
}

/** The name of the namespace of an interface. */
export function namespaceOf(name: string): string {
  return new Scope().takeMember(name.slice(name.lastIndexOf('.') + 1));
}
