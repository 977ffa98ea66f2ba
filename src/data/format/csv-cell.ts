// What a field of a CSV file stands for where its quotes count: numbers, booleans and null without, texts with.

/** What counts as a number: JSON's way of writing them, so that `007` and `1e5x` stay texts. */
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** The value of a field without quotes. */
export function inferCell(cell: string): string | number | boolean | null {
  if (cell === "") return null;
  if (cell === "true") return true;
  if (cell === "false") return false;
  if (!NUMBER.test(cell)) return cell;
  const number = Number(cell);
  // 12345678901234567890 is an identifier, not a count: as a number it would be another one.
  const exact =
    Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number) || /[.eE]/.test(cell));
  return exact ? number : cell;
}

/** The field that `inferCell` reads as this value, before quotes. */
export function cellText(value: string | number | boolean | null): string {
  if (typeof value === "number") return numberText(value);
  return value === null ? "" : String(value);
}

/** As `inferCell` reads it back: whole numbers beyond 2^53 have an exponent, which says that they are no identifiers. */
function numberText(number: number): string {
  if (Object.is(number, -0)) return "-0";
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? number.toExponential() : String(number);
}

/** Whether a text needs quotes to be read as a text. */
export function looksTyped(cell: string): boolean {
  return cell === "" || cell === "true" || cell === "false" || NUMBER.test(cell);
}
