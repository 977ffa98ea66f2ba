// Which rows of large data are validated: all, none, or a sample that is the same on every machine and every day.

export type RowValidation =
  | { readonly rows: "all" | "none" }
  /** The share of rows that is parsed, above 0 and below 1. */
  | { readonly rows: { readonly sample: number } };

/** By the row's number alone, so that a row that was wrong yesterday is looked at today. The first row always is. */
export function isChosen({ rows }: RowValidation, index: number): boolean {
  if (typeof rows === "string") return rows === "all";
  return index === 0 || mixed(index) < rows.sample * 2 ** 32;
}

/** 32 bits that look random, also for numbers in sequence (MurmurHash3's last step). */
function mixed(number: number): number {
  let bits = number | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
