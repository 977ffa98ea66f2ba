// Lays out the raw data: what researchers at Palmer Station measured on 344 penguins. A file that exists is yours, and stays as it is.

import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const data = new URL("data/", import.meta.url);
const file = fileURLToPath(new URL("penguins.json", data));

if (!existsSync(file)) {
  mkdirSync(data, { recursive: true });
  copyFileSync(fileURLToPath(new URL("../data/penguins.json", import.meta.resolve("vega-datasets"))), file);
}
