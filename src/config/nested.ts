// Values by a path of names, in objects made on the way.

/** Safe for any name: one that every object has is a name like others. A value in the way that is no object stays. */
export function put(into: object, [name, ...rest]: readonly string[], value: unknown): void {
  const set = (what: unknown): unknown =>
    Object.defineProperty(into, name!, { value: what, enumerable: true, configurable: true, writable: true });
  if (rest.length === 0) return void set(value);
  if (!Object.hasOwn(into, name!)) set({});
  const inner = (into as Readonly<Record<string, unknown>>)[name!];
  if (typeof inner === "object" && inner !== null) put(inner, rest, value);
}
