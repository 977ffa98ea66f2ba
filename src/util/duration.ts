// Times as people write them: "250ms", "30s", "5m", "12h", "90d".

import type { Brand } from "./brand.ts";

/** A time in milliseconds, where a plain number could be taken for seconds. */
export type Milliseconds = Brand<number, "Milliseconds">;

export type DurationText = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `undefined` for what is no time. A text without a unit is seconds. */
export function parseDuration(text: string): Milliseconds | undefined {
  const [, digits = "", unit = "s"] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(text.trim()) ?? [];
  if (digits === "") return undefined;
  return (Number(digits) * UNITS[unit]!) as Milliseconds;
}

/** In the largest unit that gives a whole number: "5m", "90s", "250ms". */
export function formatDuration(time: number): string {
  const units = Object.entries(UNITS).reverse();
  const [unit, size] = units.find(([, one]) => time !== 0 && time % one === 0) ?? ["ms", 1];
  return `${time / size}${unit}`;
}
