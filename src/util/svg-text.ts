// Text in pictures: escaped, measured without a browser, shortened.

export const PICTURE_FONT = "ui-sans-serif, system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";

/** Of the size, what a character takes at most on average: wide enough for every font of the list. */
const PLAIN = 0.64;
const BOLD = 0.7;

/** Characters of East Asian scripts and emoji are as wide as high. */
export function textWidth(text: string, size: number, bold = false): number {
  const each = bold ? BOLD : PLAIN;
  let width = 0;
  for (const character of text) width += character.codePointAt(0)! >= 0x1100 ? 1.05 : each;
  return width * size;
}

/** The middle goes first: names differ at their ends. */
export function shortenText(text: string, most: number): string {
  const characters = [...text];
  if (characters.length <= most) return text;
  const half = Math.floor((most - 1) / 2);
  return `${characters.slice(0, half).join("")}…${characters.slice(-half).join("")}`;
}

/** For text and attributes of XML and HTML, without the control characters that XML has no form for. */
export function escapeXml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[character]!);
}

export function roundTenth(value: number): number {
  return Math.round(value * 10) / 10;
}
