// A text that is too long for where it goes.

/** At most so many UTF-16 units, with "…" where something was left out; half of a surrogate pair is not left at its end. */
export function cutText(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length).replace(/[\ud800-\udbff]$/, "")}…` : text;
}
