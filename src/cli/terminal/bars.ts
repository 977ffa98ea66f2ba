// Numbers as a row of bars, for a terminal.

const bars = [..."▁▂▃▄▅▆▇█"];

/** From the least to the greatest of them; a dot where there is none, equal numbers in the middle. */
export function barsOf(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  const [least, greatest] = [Math.min(...known), Math.max(...known)];
  return values
    .map((value) => {
      if (value === undefined) return "·";
      const share = greatest === least ? 0.5 : (value - least) / (greatest - least);
      return bars[Math.round(share * (bars.length - 1))]!;
    })
    .join("");
}
