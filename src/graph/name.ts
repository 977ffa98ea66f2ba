// What a name may be: of graphs, namespaces, artifacts, producers, inputs, outputs, annotations, checks.

import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";

/** UTF-8 bytes: a name must fit into a file name beside what else goes there. */
const LONGEST = 128;

const PLAIN = /^[A-Za-z0-9_]([A-Za-z0-9_-]| (?! ))*(?<! )$/;
// Each of these means something where names are written: keys (.), selectors (+ * [ ] :), templates ({ }), partition keys (, =),
// paths (/ \), file names on Windows (< > | ? ") and our own sentences (').
const RESERVED = /[./\\[\]{}+*:,=<>|?"']/;
// Control characters, lone surrogates, what turns the direction of text, breaks lines, has no width, or looks like a space.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{DI}]|(?! )\p{Zs}/u;

/** Throws GRAPH_INVALID where `name` could not be told from another one, or could not be written in a selector, path or key. */
export function checkName(name: unknown, where: string): asserts name is string {
  const problem = nameProblem(name);
  if (problem === undefined) return;
  throw new StratigraphError("GRAPH_INVALID", "this cannot be a name", {
    where,
    expected: `a text of letters, digits, '-', '_' and inner spaces, at most ${LONGEST} bytes long`,
    received: problem,
  });
}

/** Throws GRAPH_INVALID unless each of them can be a name and no two look alike. `what` they name: "input". */
export function checkNames(names: readonly string[], where: string, what: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (nameProblem(name) !== undefined) checkName(name, `${where}, ${what}`);
    const fold = foldName(name);
    if (seen.has(fold)) {
      const other = names.find((one) => foldName(one) === fold)!;
      throw new StratigraphError("GRAPH_INVALID", `${what} '${name}' looks like ${what} '${other}'`, {
        where,
        expected: "names that differ in more than case",
      });
    }
    seen.add(fold);
  }
}

/** What it is, and where that does not say it, what is wrong with it; `undefined` where nothing is. */
export function nameProblem(name: unknown): string | undefined {
  if (typeof name !== "string") return name === undefined ? "nothing" : showValue(name);
  // An object literal with this key sets its prototype instead, so it could never be told from a mistake.
  if (name === "" || name === "__proto__") return showValue(name);
  if (PLAIN.test(name) && name.length <= LONGEST) return undefined;
  const reserved = RESERVED.exec(name);
  if (reserved !== null) return `${showValue(name)} with ${reserved[0]} in it`;
  const unseen = UNSEEN.exec(name);
  if (unseen !== null) return `${showValue(name)} with the character ${codeOf(unseen[0])} in it`;
  if (name.normalize("NFC") !== name) return `${showValue(name)}, which is not in Unicode's composed form (NFC)`;
  if (name.trim() !== name || name.includes("  ")) return `${showValue(name)} with spaces that are easily overlooked`;
  if (name.startsWith("-")) return `${showValue(name)}, which reads like an option`;
  const bytes = Buffer.byteLength(name);
  return bytes > LONGEST ? `${showValue(name)} of ${bytes} bytes` : undefined;
}

/** What two names have in common that look the same, or are one file name on some systems. */
export function foldName(name: string): string {
  if (PLAIN.test(name)) return name.toLowerCase();
  return name.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFC");
}

function codeOf(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
