// Text: one string a file, UTF-8, as it is.

import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import { checkExtension } from "./bytes.ts";
import type { Format } from "./format.ts";
import { decodeText, encodeText } from "./utf8.ts";

/** Line ends stay as they are. A byte order mark at the start of a file is not part of its text. `extension`: ".txt" unless told. */
export function text({ extension = ".txt" }: { readonly extension?: string | undefined } = {}): Format {
  const format: Format = {
    kind: "text",
    extension: checkExtension("text()", extension),
    options: Object.freeze({}),
    encode(value) {
      if (typeof value !== "string") {
        throw new StratigraphError("DATA_INVALID", "the text format holds one text", {
          expected: "a string",
          received: showValue(value),
        });
      }
      // A text that begins with U+FEFF gets a second one, because reading takes the first for a byte order mark.
      return encodeText(value.startsWith("\u{feff}") ? `\u{feff}${value}` : value, "text");
    },
    decode: (bytes) => decodeText(bytes, "text"),
  };
  return Object.freeze(format);
}
