// The parameters and results of `connect` and `serve`, for one interface and for several.
import type { Interface } from '../interface/entry-values.js';
import type { ServeOptions } from './serving.js';
import type { ClientOf, PropertySetters, PropertyValues, ServerOf, ServiceOf } from './types.js';

/** A client of each. */
export type Clients<L extends readonly Interface[]> = { -readonly [K in keyof L]: ClientOf<L[K]> };
/** An implementation of each. */
export type Servers<L extends readonly Interface[]> = { readonly [K in keyof L]: ServerOf<L[K]> };
/** A service of each. */
export type Services<L extends readonly Interface[]> = {
  -readonly [K in keyof L]: ServiceOf<L[K]>;
};

/** `properties` is needed for an interface that has some. */
type PropertyOptions<I extends Interface> = [keyof I['properties']] extends [never]
  ? { readonly properties?: undefined; readonly onSet?: undefined }
  : {
      /** The first values of the properties. */
      readonly properties: Readonly<PropertyValues<I>>;
      /**
       * By property: sees the value that a client sets. What it returns is set instead; what it
       * throws refuses the value.
       */
      readonly onSet?: PropertySetters<I> | undefined;
    };

/** The options of `serve`; they may be left out for an interface without properties. */
export type OptionsParameter<I extends Interface> = [keyof I['properties']] extends [never]
  ? [options?: ServeOptions & PropertyOptions<I>]
  : [options: ServeOptions & PropertyOptions<I>];
