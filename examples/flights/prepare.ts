// Lays out the raw data: three million domestic flights of the United States in the first half of 2001. A file that exists is yours, and
// stays as it is.

import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const data = new URL("data/", import.meta.url);
const file = fileURLToPath(new URL("flights.parquet", data));

if (!existsSync(file)) {
  mkdirSync(data, { recursive: true });
  copyFileSync(fileURLToPath(new URL("../data/flights-3m.parquet", import.meta.resolve("vega-datasets"))), file);
}
