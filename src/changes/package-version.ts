// This package's version, which records are stamped with.

import { readFileSync } from "node:fs";

/** The same place beside `src/` and beside `dist/`. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
