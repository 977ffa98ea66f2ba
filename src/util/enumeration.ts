// Words in a row, as a sentence has them.

/** "a", "a and b", "a, b and c". */
export function enumeration(words: readonly string[], last = "and"): string {
  if (words.length < 2) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)!}`;
}
