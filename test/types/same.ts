// The assertion of the type tests: it compiles if two types are the same, not merely assignable.

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `same<A, B>()` does not compile if A and B differ. */
export declare function same<A, B>(
  ...difference: Same<A, B> extends true ? [] : [expected: B, found: A]
): void;
