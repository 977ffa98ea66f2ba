// The same with nothing but Node, which neither checks nor hashes what goes through: stream-plain <folder> <format>.

import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { SaleRow } from "./stream-rows.ts";

const [folder, format] = process.argv.slice(2) as [string, string];
const lines = createInterface({ input: createReadStream(join(folder, `sales.${format}`)), crlfDelay: Infinity });
const output = createWriteStream(join(folder, `plain.${format}`), { flush: true });

let header: readonly string[] | undefined;
let text = "";
for await (const line of lines) {
  if (format === "ndjson") {
    const sale = JSON.parse(line) as SaleRow;
    text += `${JSON.stringify({ ...sale, amount: sale.amount * 2 })}\n`;
  } else {
    const cells = line.split(",");
    if (header !== undefined) cells[0] = String(Number(cells[0]) * 2);
    header ??= cells;
    text += `${cells.join(",")}\n`;
  }
  if (text.length < 64 * 1024) continue;
  if (!output.write(text)) await once(output, "drain");
  text = "";
}
output.end(text);
await once(output, "close");
process.stdout.write(String(process.resourceUsage().maxRSS / 1024));
