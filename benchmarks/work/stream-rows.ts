// A file of rows to stream, as large as asked for, from a seed.

import { closeSync, openSync, writeSync } from "node:fs";
import { createRandom } from "./random.ts";

export const streamFormats = ["ndjson", "csv"] as const;
export type StreamFormat = (typeof streamFormats)[number];

export interface SaleRow {
  readonly amount: number;
  readonly at: string;
  readonly id: number;
  readonly note: string;
  readonly shop: string;
}

const shops = ["berlin", "lagos", "lima", "paris", "tokyo", "winnipeg"];
/** Rows made once and written again and again: what is measured is how they are read. */
const BLOCK = 10_000;

/** The number of rows. */
export function writeSales(path: string, format: StreamFormat, bytes: number): number {
  const random = createRandom(7);
  const rows = Array.from({ length: BLOCK }, (_, id): SaleRow => {
    const at = new Date(Date.UTC(2026, 0, 1) + Math.floor(random() * 3e10)).toISOString();
    const note = `order ${id} of the season, paid`
      .replaceAll(",", " ")
      .padEnd(20 + Math.floor(random() * 60), " and more");
    return { amount: Math.round(random() * 1e5) / 100, at, id, note, shop: shops[id % shops.length]! };
  });
  const block = Buffer.from(rows.map((row) => `${lineOf(row, format)}\n`).join(""));
  const fd = openSync(path, "wx");
  let written = format === "csv" ? writeSync(fd, `${Object.keys(rows[0]!).join(",")}\n`) : 0;
  let count = 0;
  for (; written < bytes; count += BLOCK) written += writeSync(fd, block);
  closeSync(fd);
  return count;
}

function lineOf(row: SaleRow, format: StreamFormat): string {
  return format === "csv" ? Object.values(row).join(",") : JSON.stringify(row);
}
