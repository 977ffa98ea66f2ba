// Bytes: whatever a producer makes, untouched.

import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import type { Format } from "./format.ts";

/** Values are `Uint8Array`s. `extension`: ".bin" unless told. */
export function bytes({ extension = ".bin" }: { readonly extension?: string | undefined } = {}): Format {
  const format: Format = {
    kind: "bytes",
    extension: checkExtension("bytes()", extension),
    options: Object.freeze({}),
    encode(value) {
      if (!(value instanceof Uint8Array)) {
        throw new StratigraphError("DATA_INVALID", "the bytes format holds bytes", {
          expected: "a Uint8Array",
          received: showValue(value),
        });
      }
      return value;
    },
    // A plain view, so that nobody sees from which storage the bytes came: a Buffer has other methods and is not equal.
    decode: (content) => new Uint8Array(content.buffer, content.byteOffset, content.byteLength),
  };
  return Object.freeze(format);
}

/** A file name's end as a user may choose it: ".md", ".tar.gz", or none. */
export function checkExtension(of: string, extension: string): string {
  if (extension === "" || /^(\.[A-Za-z0-9_-]+)+$/.test(extension)) return extension;
  throw new StratigraphError("GRAPH_INVALID", `${of} has a wrong 'extension'`, {
    expected: 'text like ".md"',
    received: showValue(extension),
  });
}
