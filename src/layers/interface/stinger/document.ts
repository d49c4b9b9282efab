// A Stinger file, once it is known to follow the form.

/** A type; an argument has a name beside it. */
export interface StingerType {
  readonly type: string;
  readonly enumName?: string;
  readonly enumVersion?: string;
  readonly structName?: string;
  readonly structVersion?: string;
  readonly itemType?: StingerType;
  readonly contentType?: string;
}

/** An argument, a field or a value of a property. */
export interface StingerArg extends StingerType {
  readonly name: string;
  readonly optional?: boolean;
  readonly description?: string;
  readonly schema?: object;
  readonly index?: number;
  readonly example?: unknown;
}

/** What members and types have in common. */
interface Described {
  readonly documentation?: string;
  readonly version?: string;
  readonly consumers?: readonly string[];
}

/** An enum. */
export interface StingerEnum extends Described {
  readonly values: readonly {
    readonly name: string;
    readonly description?: string;
    readonly value?: number;
  }[];
}

/** A structure. */
export interface StingerStruct extends Described {
  readonly members: readonly StingerArg[];
}

/** A signal. */
export interface StingerSignal extends Described {
  readonly payload?: readonly StingerArg[];
}

/** A property. */
export interface StingerProperty extends Described {
  readonly values: readonly StingerArg[];
  readonly readOnly?: boolean;
}

/** A method. */
export interface StingerMethod extends Described {
  readonly arguments: readonly StingerArg[];
  readonly returnValues?: readonly StingerArg[];
}

type Named<T> = Readonly<Record<string, T>>;

/** The whole. */
export interface StingerDocument {
  readonly interface: {
    readonly name: string;
    readonly version: string;
    readonly title?: string;
    readonly summary?: string;
    readonly documentation?: string;
    readonly license?: string;
  };
  readonly enums?: Named<StingerEnum>;
  readonly structures?: Named<StingerStruct>;
  readonly signals?: Named<StingerSignal>;
  readonly properties?: Named<StingerProperty>;
  readonly methods?: Named<StingerMethod>;
  readonly constants?: Named<{
    readonly type: string;
    readonly value: string | number | boolean;
    readonly description?: string;
  }>;
}
