// The optional packages that Parquet files are read and written with, each loaded when it is first needed.

import { createRequire } from "node:module";
import { StratigraphError } from "../../errors.ts";

const load = createRequire(import.meta.url);

/** Throws PACKAGE_MISSING, saying that it is needed for `what`. */
export function packageOf<T>(name: string, what = "Parquet files"): T {
  try {
    return load(name) as T;
  } catch (cause) {
    throw new StratigraphError("PACKAGE_MISSING", `the package '${name}' is needed for ${what}`, {
      hint: `Run \`npm install ${name}\`.`,
      cause,
    });
  }
}
