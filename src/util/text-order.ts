// One order of texts for every platform, database and language: by UTF-8 bytes, which is the order of code points.

/**
 * Negative, zero or positive, for `sort`. Differs from `<` only where a character beyond U+FFFF meets one of U+E000 to U+FFFF:
 * JavaScript compares UTF-16 units, in which the former begin with a smaller number.
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Puts the surrogates, which stand for larger code points, behind all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
