// `bytes`: the format of values that are bytes, and the view of any value as its bytes. One word, told apart by what it is given.

import { bytes as bytesFormat } from "../data/format/bytes.ts";
import type { Format } from "../data/format/format.ts";
import type { Declared } from "./input.ts";
import { rawBytes, type View } from "./view.ts";

interface BytesDeclarer {
  /** The format: values are `Uint8Array`s. `extension`: ".bin" unless told. */
  (options?: { readonly extension?: string | undefined }): Format;
  /** The view: `build` receives the stored bytes as they are, not parsed. */
  <Value, D>(artifact: Declared<Value, D, never>): View<Value, D, Uint8Array, "bytes">;
}

export const bytes: BytesDeclarer = ((thing: { readonly is?: unknown } | undefined) =>
  typeof thing === "object" && "is" in thing
    ? rawBytes(thing as Declared<unknown, unknown, never>)
    : bytesFormat(thing as { readonly extension?: string | undefined } | undefined)) as BytesDeclarer;
