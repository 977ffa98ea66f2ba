// Lays out the raw data as a weather service would deliver it: one csv file per city and month, under data/.
// Runs once; a data folder that exists is yours, and stays as you edited it.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const data = fileURLToPath(new URL("data", import.meta.url));
const partial = `${data}.partial`;

if (!existsSync(data)) {
  const download = new URL("../data/weather.csv", import.meta.resolve("vega-datasets"));
  const [header = "", ...rows] = readFileSync(download, "utf8").trimEnd().split("\n");
  const columns = header.slice("location,".length);

  const files = new Map<string, string[]>();
  for (const row of rows) {
    const comma = row.indexOf(",");
    const city = row.slice(0, comma).toLowerCase().replace(" ", "-");
    const reading = row.slice(comma + 1);
    const file = `${city}/${reading.slice(0, "2012-01".length)}.csv`;
    files.set(file, [...(files.get(file) ?? [columns]), reading]);
  }

  // Made beside its place and moved there whole: an interrupted run leaves no half of the data behind.
  rmSync(partial, { recursive: true, force: true });
  for (const city of new Set([...files.keys()].map((file) => file.split("/")[0]!))) {
    mkdirSync(`${partial}/${city}`, { recursive: true });
  }
  for (const [file, lines] of files) writeFileSync(`${partial}/${file}`, `${lines.join("\n")}\n`);
  renameSync(partial, data);
}
