// Nominal strings, so that a fingerprint is not mistaken for an id.

declare const brand: unique symbol;

export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
