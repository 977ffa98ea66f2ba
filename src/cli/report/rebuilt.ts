// What came of building everything again, as lines and as JSON.

import type { StoredSnapshot } from "../../backend/records.ts";
import { placeText } from "../../build/place.ts";
import type { Reproduction } from "../../operations/reproduce.ts";
import { escapeText } from "../terminal/escape.ts";
import { count, short } from "../terminal/quantity.ts";
import type { Colors } from "../terminal/terminal.ts";
import { differenceLines } from "./differences.ts";
import { plainJson } from "./json.ts";

export interface Rebuilt {
  /** Whether anything came out differently. */
  readonly different: boolean;
  readonly json: object;
  readonly lines: readonly string[];
}

/** Places listed at most; JSON has them all. */
const MOST_LISTED = 20;

export function rebuiltAnswer(
  results: readonly { readonly snapshot: StoredSnapshot; readonly result: Reproduction }[],
  colors: Colors,
): Rebuilt {
  const different = results.flatMap(({ snapshot, result }) => result.different.map((one) => ({ snapshot, ...one })));
  const left = results.flatMap(({ snapshot, result }) => result.left.map((one) => ({ snapshot, ...one })));
  const same = results.reduce((sum, { result }) => sum + result.same, 0);
  const changed = left.filter(({ why }) => why === "changed").length;
  const failed = left.filter(({ why }) => why === "failed");
  const listed = different.slice(0, MOST_LISTED);
  const more = different.length - listed.length;
  return {
    different: different.length > 0,
    json: {
      same,
      different: different.map(({ snapshot, key, partition, differences }) => ({
        snapshot: snapshot.id,
        key,
        partition: partition.key,
        differences: differences === undefined ? null : plainJson(differences),
      })),
      left: left.map(({ snapshot, key, partition, why, error }) => ({
        snapshot: snapshot.id,
        key,
        partition: partition.key,
        why,
        message: error?.message ?? null,
      })),
    },
    lines: [
      ...listed.flatMap(({ snapshot, key, partition, differences }) => [
        `  ${escapeText(placeText(key, partition.key))}  ${colors.red("another result")}  in snapshot ${short(snapshot.id)}`,
        ...(differences === undefined ? [] : differenceLines(differences)),
      ]),
      ...(more > 0 ? [colors.dim(`  and ${count(more, "other")}; --json has them all`)] : []),
      ...failed
        .slice(0, MOST_LISTED)
        .map(({ key, partition, error }) =>
          colors.dim(
            `  ${escapeText(placeText(key, partition.key))} was not built again: ${escapeText(error?.what ?? "")}`,
          ),
        ),
      `built again: ${count(same, "result")} the same, ${
        different.length === 0 ? "none" : colors.red(String(different.length))
      } different` +
        (changed > 0 ? `, ${changed} left because their producer is another one now` : "") +
        (failed.length > 0 ? `, ${failed.length} could not be` : ""),
    ],
  };
}
