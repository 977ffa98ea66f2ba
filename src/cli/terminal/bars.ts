// Numbers as a row of bars, for a terminal.

const bars = [..."▁▂▃▄▅▆▇█"];

/** From the least to the greatest of them; a dot where there is none, equal numbers in the middle. */
export function barsOf(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  const sorted = known.toSorted((a, b) => a - b);
  const [least, greatest] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  return values
    .map((value) => {
      if (value === undefined) return "·";
      const share = greatest === least ? 0.5 : (value - least) / (greatest - least);
      return bars[Math.round(share * (bars.length - 1))]!;
    })
    .join("");
}
