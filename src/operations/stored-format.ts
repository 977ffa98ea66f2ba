// The format that a stored description names, without the declaration it came from.

import { bytes } from "../data/format/bytes.ts";
import { csv } from "../data/format/csv.ts";
import type { Format } from "../data/format/format.ts";
import { json } from "../data/format/json.ts";
import { ndjson } from "../data/format/ndjson.ts";
import { parquet } from "../data/format/parquet.ts";
import { text } from "../data/format/text.ts";

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
