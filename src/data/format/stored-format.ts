// The format that a stored description names, without the declaration it came from.

import { bytes } from "./bytes.ts";
import { csv } from "./csv.ts";
import type { Format } from "./format.ts";
import { json } from "./json.ts";
import { ndjson } from "./ndjson.ts";
import { parquet } from "./parquet.ts";
import { text } from "./text.ts";

/** `undefined` for a format that this version does not bring. */
export function formatOf({ kind, options }: { readonly kind: string; readonly options: unknown }): Format | undefined {
  switch (kind) {
    case "json":
      return json();
    case "ndjson":
      return ndjson();
    case "csv":
      // Written by csv() itself into the description.
      return csv(options as Parameters<typeof csv>[0]);
    case "parquet":
      return parquet();
    case "text":
      return text();
    case "bytes":
      return bytes();
    default:
      return undefined;
  }
}
