// Time zones by their IANA names, in one spelling each.

import { suggest } from "../util/suggest.ts";

/**
 * What is wrong with a zone's name, or `undefined`. A zone counts in fingerprints as it is written, and Node takes it in any case, newer
 * ones also as an offset: two spellings of one zone would be two identities, so only IANA's own is let through. Aliases stay as they are.
 */
export function findZoneProblem(zone: unknown): { readonly expected: string; readonly hint?: string } | undefined {
  if (known.has(zone as string)) return undefined;
  const expected = "an IANA time zone like UTC or Europe/Berlin";
  if (typeof zone !== "string" || !/^[A-Z][\w+-]*(\/[A-Z][\w+-]*)*$/.test(zone)) return { expected };
  const spelling = resolve(zone);
  if (spelling === undefined) {
    const near = suggest(zone, Intl.supportedValuesOf("timeZone"));
    return near === undefined ? { expected } : { expected, hint: `Did you mean ${near}?` };
  }
  if (spelling !== zone && spelling.toLowerCase() === zone.toLowerCase()) return { expected: spelling };
  known.add(zone);
  return undefined;
}

const known = new Set(["UTC"]);

function resolve(zone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
