// Rows that are shared by everybody who reads them, and so must not be changed by anybody.

/** Freezes plain data throughout, and answers it. */
export function frozen<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
