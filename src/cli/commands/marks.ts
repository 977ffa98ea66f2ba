// strata pin, unpin, taint: decide about stored results, and say why.

import type { MarkKind, MarkRecord } from "../../backend/records.ts";
import { pin as pinResults, taint as taintResults, unpin as unpinResults } from "../../build/marks.ts";
import { placeText } from "../../build/place.ts";
import { resolveSnapshot } from "../../build/snapshot.ts";
import { StratigraphError } from "../../errors.ts";
import { everyItem } from "../../backend/pages.ts";
import { defineCommand, text, type Answer, type Call, type Command } from "../command.ts";
import { withLookup } from "../lookup.ts";
import { splitReference } from "../target.ts";
import { escapeText } from "../terminal/escape.ts";
import { count, moment } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";

const MOST_LISTED = 20;

const RESULTS = {
  shape: "[selector@snapshot…]",
  says: "days[2026-01-02], total@prod, vendor.*; @latest unless told. Without any: list what is so already",
};

export const pin: Command = defineCommand({
  name: "pin",
  summary: "keep using a stored result, whatever changes",
  details: [
    "Builds take a pinned result as it is, say so with the reason, and build what depends on it from it; what it was made from may change, fail " +
      "or be gone. All outputs of a producer are pinned together. A pinned result is never removed.",
  ],
  arguments: [RESULTS],
  options: { why: text("--why <text>", "the reason; needed to pin") },
  examples: [
    { command: "strata pin 'days[2026-01-02]@prod' --why 'the vendor resends on Monday'", says: "hold one day" },
    { command: "strata pin", says: "what is pinned, by whom and why" },
  ],
  run: (call) => mark(call, "pin"),
});

export const unpin: Command = defineCommand({
  name: "unpin",
  summary: "let builds decide again about pinned results",
  arguments: [{ shape: "<selector…>", says: "what was pinned" }],
  options: { why: text("--why <text>", "the reason, for the record") },
  examples: [{ command: "strata unpin 'days[2026-01-02]'", says: "the next build looks at it again" }],
  run: (call) =>
    withLookup(
      call,
      async ({ workspace, project, graph }) => {
        const { definition } = await project.graph();
        const ended = await unpinResults(workspace, definition, call.args, { why: call.options.why });
        return {
          json: { graph, unpinned: ended.map(markJson) },
          lines: [
            `${count(ended.length, "result")} no longer pinned: ${listed(ended)}`,
            `${call.terminal.colors.dim("next:")} strata plan`,
          ],
        };
      },
      { readOnly: false },
    ),
});

export const taint: Command = defineCommand({
  name: "taint",
  summary: "never use a stored result again: the next build makes it anew",
  details: [
    "For results that are wrong although nothing they were made from changed: the machine was faulty, the network lied. What depends on them is built again where they come " +
      "out differently. Snapshots that hold them keep them.",
  ],
  arguments: [RESULTS],
  options: { why: text("--why <text>", "the reason; needed to taint") },
  examples: [
    { command: "strata taint 'days[2026-01-02]' --why 'rates were missing'", says: "one partition" },
    { command: "strata taint", says: "what was tainted, by whom and why" },
  ],
  run: (call) => mark(call, "taint"),
});

const words = { pin: "pinned", taint: "tainted" } as const;

function mark(call: Call<{ readonly why: string | undefined }>, kind: MarkKind): Promise<Answer> {
  const { why } = call.options;
  if (call.args.length === 0) {
    if (why === undefined) return list(call, kind);
    throw new StratigraphError("USAGE", `--why needs something to ${kind}`, { expected: "a selector such as total" });
  }
  if (why === undefined || why.trim() === "") {
    throw new StratigraphError("USAGE", `say why: a ${kind} without a reason helps nobody later`, {
      expected: "--why <text>",
    });
  }
  return withLookup(
    call,
    async ({ workspace, project, graph }) => {
      const { definition } = await project.graph();
      const byReference = new Map<string, string[]>();
      for (const arg of call.args) {
        const { name, reference = "latest" } = splitReference(arg);
        byReference.set(reference, [...(byReference.get(reference) ?? []), name]);
      }
      const marks: MarkRecord[] = [];
      for (const [reference, selectors] of byReference) {
        const snapshot = await resolveSnapshot(workspace.connection, graph, reference);
        const work = kind === "pin" ? pinResults : taintResults;
        for (const one of await work(workspace, definition, snapshot, selectors, { why })) marks.push(one);
      }
      return {
        json: { graph, [words[kind]]: marks.map(markJson) },
        lines: [
          `${count(marks.length, "result")} ${words[kind]}: ${listed(marks)}`,
          `${call.terminal.colors.dim("next:")} strata plan`,
        ],
      };
    },
    { readOnly: false },
  );
}

function list(call: Call, kind: MarkKind): Promise<Answer> {
  return withLookup(call, async ({ workspace: { connection }, graph }) => {
    const marks: MarkRecord[] = [];
    for await (const one of everyItem((page) => connection.listMarks({ graph, kind, open: true }, page))) {
      marks.push(one);
    }
    return {
      json: { graph, [words[kind]]: marks.map(markJson) },
      lines:
        marks.length === 0
          ? [`nothing is ${words[kind]}`]
          : table(
              marks.map((one) => [
                escapeText(placeText(one.artifactKey, one.key)),
                moment(one.at),
                escapeText(one.by),
                escapeText(one.why),
              ]),
            ),
    };
  });
}

function markJson({ artifactKey, key, partition, at, by, why }: MarkRecord): object {
  return { key: artifactKey, partition: key, id: partition, at, by, why };
}

function listed(marks: readonly MarkRecord[]): string {
  const places = marks.slice(0, MOST_LISTED).map(({ artifactKey, key }) => escapeText(placeText(artifactKey, key)));
  return `${places.join(", ")}${marks.length > MOST_LISTED ? ", …" : ""}`;
}
