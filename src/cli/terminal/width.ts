// How many columns a text takes on a terminal.

const STYLE = /\u001b\[[0-9;]*m/g;
const PLAIN = /^[\u0020-\u007e]*$/;
const NOTHING = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const WIDE = /^\p{Emoji_Presentation}$/u;

/** The blocks of East Asian Wide and Fullwidth characters (Unicode Standard Annex 11), as inclusive pairs. */
const WIDE_BLOCKS: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x20000, 0x3fffd],
];

/** Columns of escaped text; colours count nothing. */
export function widthOf(text: string): number {
  const bare = text.includes("\u001b") ? text.replace(STYLE, "") : text;
  if (PLAIN.test(bare)) return bare.length;
  let width = 0;
  for (const character of bare) width += widthOfCharacter(character);
  return width;
}

/** The text cut to at most so many columns, with `…` where something was left out. Only for text without colours. */
export function fit(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = "";
  let width = 0;
  for (const character of text) {
    width += widthOfCharacter(character);
    if (width > columns - 1) break;
    kept += character;
  }
  return columns < 1 ? "" : `${kept}…`;
}

function widthOfCharacter(character: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x300) return 1;
  if (NOTHING.test(character)) return 0;
  if (WIDE.test(character)) return 2;
  return WIDE_BLOCKS.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}
