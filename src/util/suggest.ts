// "Did you mean": the candidate nearest to a word that matched nothing.

/**
 * The candidate that differs by the fewest typing slips (a character added, left out, replaced, or two neighbours swapped), the first
 * of equals; `undefined` when the best needs more slips than a third of the word has letters. Case counts half as much as a slip.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = [...word.toLowerCase()];
  let best: string | undefined;
  let least = Math.floor(typed.length / 3) + 0.75;
  for (const candidate of candidates) {
    const wanted = [...candidate.toLowerCase()];
    if (Math.abs(wanted.length - typed.length) >= least) continue;
    const slips = countSlips(typed, wanted, least) + (differsInCase(word, candidate) ? 0.5 : 0);
    if (slips < least) [best, least] = [candidate, slips];
  }
  return best;
}

/** The same for names with dots in them, which people shorten: also by their last part, or by what they are within. */
export function suggestKey(word: string, keys: Iterable<string>): string | undefined {
  const all = [...keys];
  const last = (key: string): string => key.slice(key.lastIndexOf(".") + 1);
  const near = suggest(word, all);
  if (near !== undefined) return near;
  const inner = suggest(last(word), all.map(last));
  return inner === undefined ? all.find((key) => key.startsWith(`${word}.`)) : all.find((key) => last(key) === inner);
}

function differsInCase(word: string, candidate: string): boolean {
  return word !== candidate && word.toLowerCase() === candidate.toLowerCase();
}

/** Optimal string alignment distance, row by row; gives up with Infinity once no way below `limit` is left. */
function countSlips(a: readonly string[], b: readonly string[], limit: number): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= b.length; column++) {
      const replaced = at(above, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let slips = Math.min(replaced, at(above, column) + 1, at(current, column - 1) + 1);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        slips = Math.min(slips, at(before, column - 2) + 1);
      }
      current.push(slips);
      least = Math.min(least, slips);
    }
    if (least >= limit) return Infinity;
    [before, above] = [above, current];
  }
  return at(above, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
