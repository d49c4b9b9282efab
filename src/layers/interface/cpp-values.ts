// Values as C++: the defaults of optional values.
import { type AnySchema, isOwn, type OwnSchema } from './schema.js';

/** What a value needs of the types of its interface. */
export interface CppTypes {
  /** The name of a struct or enum. */
  nameOf(schema: OwnSchema): string;
  /** The enumerator of a value of an enum. */
  enumeratorOf(schema: OwnSchema, value: string): string;
}

/** A value of a schema as a C++ expression that initializes its type. */
export function cppValue(types: CppTypes, given: AnySchema, value: unknown): string {
  if (!isOwn(given)) return anyValue(value);
  const schema: OwnSchema = given;
  switch (schema.kind) {
    case 'list':
      return braced((value as readonly unknown[]).map((each) => cppValue(types, schema.of, each)));
    case 'map':
      return braced(
        Object.entries(value as object).map(([key, each]) =>
          braced([text(key), cppValue(types, schema.of, each)]),
        ),
      );
    case 'optional':
      return value === undefined ? 'std::nullopt' : cppValue(types, schema.of, value);
    case 'struct':
      return braced(
        Object.entries(schema.fields).map(([name, field]) => {
          const each = (value as Readonly<Record<string, unknown>>)[name];
          return each === undefined ? '{}' : cppValue(types, field, each);
        }),
      );
    case 'enum':
      return `${types.nameOf(schema)}::${types.enumeratorOf(schema, value as string)}`;
    case 'any':
    case 'json':
      return anyValue(value);
    default:
      return simple(schema.kind, value);
  }
}

function simple(kind: string, value: unknown): string {
  switch (kind) {
    case 'bool':
      return String(value);
    case 'string':
      return text(value as string);
    case 'f32':
      return float(value as number);
    case 'f64':
      return number(value as number);
    case 'i64':
      return signed(value as bigint);
    case 'u64':
      return (value as bigint) > 2n ** 63n - 1n ? `${String(value)}ULL` : String(value);
    case 'i32':
      return value === -(2 ** 31) ? '-2147483647 - 1' : String(value);
    case 'bytes':
      return braced(Array.from(value as Uint8Array, (byte) => `std::byte{${byte}}`));
    case 'time':
      return `rpc::Time(std::chrono::milliseconds(${(value as Date).getTime()}))`;
    case 'duration': {
      const whole = Math.trunc(value as number);
      const rest = Math.round(((value as number) - whole) * 1e6);
      return `std::chrono::nanoseconds(${signed(BigInt(whole) * 1_000_000n + BigInt(rest))})`;
    }
    default:
      return String(value);
  }
}

function signed(value: bigint): string {
  return value === -(2n ** 63n) ? '-9223372036854775807 - 1' : String(value);
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'std::numeric_limits<double>::quiet_NaN()';
  if (!Number.isFinite(value))
    return `${value < 0 ? '-' : ''}std::numeric_limits<double>::infinity()`;
  if (Object.is(value, -0)) return '-0.0';
  const digits = String(value);
  return /^-?\d{16,}$/.test(digits) ? `${digits}.0` : digits;
}

function float(value: number): string {
  const near = Math.fround(value);
  if (Number.isNaN(near)) return 'std::numeric_limits<float>::quiet_NaN()';
  if (!Number.isFinite(near)) return `${near < 0 ? '-' : ''}std::numeric_limits<float>::infinity()`;
  const digits = Object.is(near, -0) ? '-0.0' : String(near);
  return /[.e]/.test(digits) ? `${digits}F` : `${digits}.0F`;
}

function anyValue(value: unknown): string {
  if (value === null || value === undefined) return 'nullptr';
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return `rpc::Value(${number(value)})`;
  if (typeof value === 'boolean') return `rpc::Value(${value})`;
  if (Array.isArray(value)) return `rpc::Value::List${braced(value.map(anyValue))}`;
  const entries = Object.entries(value as object);
  return `rpc::Value::Map${braced(entries.map(([key, each]) => braced([text(key), anyValue(each)])))}`;
}

function braced(parts: readonly string[]): string {
  return `{${parts.join(', ')}}`;
}

/** A string literal. */
export function text(value: string): string {
  const escaped = value.replace(/["\\\p{Cc}\p{Cf}\u2028\u2029]/gu, (found) => {
    if (found === '"' || found === '\\') return `\\${found}`;
    // Three octal digits for each byte end by themselves, which hexadecimal ones do not.
    return [...new TextEncoder().encode(found)]
      .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
      .join('');
  });
  // A zero ends a literal for a constructor that counts.
  return value.includes('\0')
    ? `std::string("${escaped}", ${new TextEncoder().encode(value).length})`
    : `"${escaped}"`;
}
