// Words that a language keeps for itself. A member or field with such a name gets a `_` behind it in
// that language; on the wire it keeps its name.

const typescript = [
  ...['await', 'break', 'case', 'catch', 'class', 'const', 'continue', 'debugger', 'default'],
  ...['delete', 'do', 'else', 'enum', 'export', 'extends', 'false', 'finally', 'for', 'function'],
  ...['if', 'implements', 'import', 'in', 'instanceof', 'interface', 'let', 'new', 'null'],
  ...['package', 'private', 'protected', 'public', 'return', 'static', 'super', 'switch', 'this'],
  ...[
    'throw',
    'true',
    'try',
    'typeof',
    'var',
    'void',
    'while',
    'with',
    'yield',
    'arguments',
    'eval',
  ],
];

const python = [
  ...['False', 'None', 'True', 'and', 'as', 'assert', 'async', 'await', 'break', 'class'],
  ...['continue', 'def', 'del', 'elif', 'else', 'except', 'finally', 'for', 'from', 'global', 'if'],
  ...['import', 'in', 'is', 'lambda', 'nonlocal', 'not', 'or', 'pass', 'raise', 'return', 'try'],
  ...['while', 'with', 'yield'],
];

const cpp = [
  ...['alignas', 'alignof', 'and', 'and_eq', 'asm', 'auto', 'bitand', 'bitor', 'bool', 'break'],
  ...['case', 'catch', 'char', 'char8_t', 'char16_t', 'char32_t', 'class', 'compl', 'concept'],
  ...['const', 'consteval', 'constexpr', 'constinit', 'const_cast', 'continue', 'co_await'],
  ...['co_return', 'co_yield', 'decltype', 'default', 'delete', 'do', 'double', 'dynamic_cast'],
  ...['else', 'enum', 'explicit', 'export', 'extern', 'false', 'float', 'for', 'friend', 'goto'],
  ...['if', 'inline', 'int', 'long', 'mutable', 'namespace', 'new', 'noexcept', 'not', 'not_eq'],
  ...['nullptr', 'operator', 'or', 'or_eq', 'private', 'protected', 'public', 'register'],
  ...['reinterpret_cast', 'requires', 'return', 'short', 'signed', 'sizeof', 'static'],
  ...['static_assert', 'static_cast', 'struct', 'switch', 'template', 'this', 'thread_local'],
  ...['throw', 'true', 'try', 'typedef', 'typeid', 'typename', 'union', 'unsigned', 'using'],
  ...['virtual', 'void', 'volatile', 'wchar_t', 'while', 'xor', 'xor_eq'],
];

/** A language with words of its own. */
export type Language = 'typescript' | 'python' | 'cpp';

const reserved: Readonly<Record<Language, ReadonlySet<string>>> = {
  typescript: new Set(typescript),
  python: new Set(python),
  cpp: new Set(cpp),
};

/** A name that a language takes: with a `_` behind it if the language keeps it for itself. */
export function nameIn(language: Language, name: string): string {
  return reserved[language].has(name) ? `${name}_` : name;
}
