// The parser, an optional peer that is loaded when some producer's code is looked at for the first time.

import { createRequire } from "node:module";
import type { Node } from "./syntax.ts";

/** The slice of `oxc-parser` that is called. */
interface Oxc {
  readonly parseSync: (
    file: string,
    text: string,
    options: { readonly preserveParens: boolean },
  ) => { readonly program: unknown; readonly errors: readonly unknown[] };
}

/** A file's text as an ESTree; `undefined` for one that cannot be parsed. */
export type Parse = (file: string, text: string) => Node | undefined;

const PACKAGE = "oxc-parser";

/** Looked for beside this package, then from the user's file. `undefined` where it is not installed. */
export function loadParser(from: string): Parse | undefined {
  const oxc = load(import.meta.url) ?? load(from);
  return oxc === undefined ? undefined : (file, text) => parse(oxc, file, text);
}

function load(from: string): Oxc | undefined {
  try {
    return createRequire(from)(PACKAGE) as Oxc;
  } catch {
    return undefined; // also where it is installed for another system: then files are counted whole
  }
}

function parse({ parseSync }: Oxc, file: string, text: string): Node | undefined {
  const { program, errors } = parseSync(file, text, { preserveParens: false });
  return errors.length > 0 ? undefined : (program as Node);
}
