// strata tag: names for snapshots.

import type { Cursor, TagChange } from "../../backend/records.ts";
import { userName } from "../../build/holder.ts";
import { resolveSnapshot, tagSnapshot } from "../../build/snapshot.ts";
import { isStratigraphError, StratigraphError } from "../../errors.ts";
import { suggest } from "../../util/suggest.ts";
import { defineCommand, flag, text, whole, type Answer, type Call, type Command } from "../command.ts";
import { withLookup } from "../lookup.ts";
import { withHint } from "../report/error.ts";
import { everyItem } from "../../backend/pages.ts";
import { escapeText } from "../terminal/escape.ts";
import { moment, short } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";

const SNAPSHOT = { shape: "[snapshot]", says: "latest (unless told), another tag, or the first characters of an id" };
const NAME = { shape: "<name>", says: "the tag" };
const why = text("--why <text>", "the reason, for the tag's history");

const set: Command = defineCommand({
  name: "tag set",
  summary: "name a snapshot; the word set may be left out",
  details: ["A name that another snapshot has stays there, unless it is told to move."],
  arguments: [NAME, SNAPSHOT],
  options: { move: flag("--move", "move the name if another snapshot has it"), why },
  examples: [
    { command: "strata tag set prod", says: "the latest snapshot is prod" },
    { command: "strata tag set prod 7f3a91c2 --move --why 'checked by Ana'", says: "and now another one is" },
  ],
  run: (call) => setTag(call, call.args[0]!, call.args[1], call.options.move),
});

const move: Command = defineCommand({
  name: "tag move",
  summary: "name a snapshot, whichever has the name now",
  arguments: [NAME, SNAPSHOT],
  options: { why },
  examples: [{ command: "strata tag move prod", says: "prod is the latest snapshot from now on" }],
  run: async (call) => setTag(call, call.args[0]!, call.args[1], true),
});

const list: Command = defineCommand({
  name: "tag list",
  summary: "list the tags",
  examples: [{ command: "strata tag list", says: "every tag of the graph" }],
  run: (call) => listTags(call),
});

const history: Command = defineCommand({
  name: "tag history",
  summary: "what a tag named, newest first; also after it was deleted",
  arguments: [NAME],
  options: {
    limit: whole("--limit <n>", "how many changes; 50 unless told", 1),
    after: text("--after <cursor>", "go on after a list that ended early: its `next`"),
  },
  examples: [{ command: "strata tag history prod", says: "who moved prod, when and why" }],
  run: (call) =>
    withLookup(call, async ({ workspace: { connection }, graph }) => {
      const name = call.args[0]!;
      const { limit = 50, after } = call.options;
      const page = await connection.readSnapshotTagHistory(graph, name, { limit, after: after as Cursor | undefined });
      if (page.items.length === 0 && after === undefined) throw await unknownTag(call, name);
      return {
        json: {
          graph,
          tag: name,
          history: page.items.map(changeJson),
          next: page.next ?? null,
        },
        lines: table(
          page.items.map((change) => [
            moment(change.at),
            change.snapshot === undefined ? "deleted" : short(change.snapshot),
            change.previous === undefined ? "new" : `was ${short(change.previous)}`,
            escapeText(change.by),
            escapeText(change.why ?? ""),
          ]),
        ),
      };
    }),
});

const remove: Command = defineCommand({
  name: "tag delete",
  summary: "take a name away; its history and the snapshot stay",
  arguments: [NAME],
  options: { why },
  examples: [{ command: "strata tag delete rehearsal", says: "nothing is called rehearsal any more" }],
  run: (call) =>
    withLookup(
      call,
      async ({ workspace: { connection }, graph }) => {
        const name = call.args[0]!;
        const before = await connection.readSnapshotTag(graph, name);
        if (before === undefined) throw await unknownTag(call, name);
        await connection.removeSnapshotTag({ graph, tag: name, by: userName(), why: call.options.why });
        return {
          json: { graph, tag: name, deleted: true, previous: before.snapshot },
          lines: [`tag '${escapeText(name)}' deleted; it named snapshot ${short(before.snapshot)}`],
        };
      },
      { readOnly: false },
    ),
});

export const tag: Command = defineCommand({
  name: "tag",
  summary: "give a snapshot a name; list, move and delete names",
  details: [
    "A tag is a movable name for one snapshot. What a tag names is never removed by gc. Without a name: the list of tags.",
  ],
  arguments: [{ shape: "[name]", says: "the tag" }, SNAPSHOT],
  options: { move: flag("--move", "move the name if another snapshot has it"), why },
  subcommands: [set, move, list, history, remove],
  examples: [
    { command: "strata tag prod", says: "the latest snapshot is prod" },
    { command: "strata tag", says: "list the tags" },
    { command: "strata diff prod latest", says: "what changed since" },
  ],
  async run(call) {
    const [name, reference] = call.args;
    if (name === undefined) return listTags(call);
    // `strata tag histroy prod` shall not name a snapshot "histroy".
    const words = [set, move, list, history, remove].map((one) => one.name.slice("tag ".length));
    const guess = suggest(name, words);
    if (guess !== undefined) {
      throw new StratigraphError("USAGE", `'${name}' is nearly '${guess}'`, {
        hint: `Did you mean: strata tag ${guess}? If it is the name you want: strata tag set ${name}`,
      });
    }
    return setTag(call, name, reference, call.options.move);
  },
});

function setTag(
  call: Call<{ readonly why: string | undefined }>,
  name: string,
  reference: string | undefined,
  moves: boolean,
): Promise<Answer> {
  return withLookup(
    call,
    async ({ workspace: { connection }, graph }) => {
      const snapshot = await resolveSnapshot(connection, graph, reference ?? "latest");
      const before = await connection.readSnapshotTag(graph, name);
      await tagSnapshot(connection, snapshot, name, { move: moves, why: call.options.why });
      const previous = before?.snapshot;
      const change = previous === undefined ? "created" : previous === snapshot.id ? "unchanged" : "moved";
      const words = { created: "now names", unchanged: "already names", moved: "now names" };
      return {
        json: { graph, tag: name, snapshot: snapshot.id, previous: previous ?? null, change },
        lines: [
          `tag '${escapeText(name)}' ${words[change]} snapshot ${short(snapshot.id)}` +
            (change === "moved" ? `, was ${short(previous!)}` : ""),
        ],
      };
    },
    { readOnly: false },
  ).catch((error: unknown) => {
    throw isStratigraphError(error) && error.code === "TAG_EXISTS" ? withHint(error, "Move it: add --move") : error;
  });
}

function listTags(call: Call): Promise<Answer> {
  return withLookup(call, async ({ workspace: { connection }, graph }) => {
    const tags = [];
    for await (const one of everyItem((page) => connection.listSnapshotTags(graph, page))) tags.push(one);
    return {
      json: {
        graph,
        tags: tags.map(({ tag: name, snapshot, at, by, why: reason }) => ({
          tag: name,
          snapshot,
          at,
          by,
          why: reason ?? null,
        })),
      },
      lines:
        tags.length === 0
          ? [`graph '${escapeText(graph)}' has no tags; name its latest snapshot with: strata tag <name>`]
          : table(
              tags.map(({ tag: name, snapshot, at, by, why: reason }) => [
                call.terminal.colors.cyan(escapeText(name)),
                short(snapshot),
                moment(at),
                escapeText(by),
                escapeText(reason ?? ""),
              ]),
            ),
    };
  });
}

function changeJson({ snapshot, previous, at, by, why: reason }: TagChange): object {
  return { snapshot: snapshot ?? null, previous: previous ?? null, at, by, why: reason ?? null };
}

function unknownTag(call: Call, name: string): Promise<StratigraphError> {
  return withLookup(call, async ({ workspace: { connection }, graph }) => {
    const names: string[] = [];
    for await (const { tag: known } of everyItem((page) => connection.listSnapshotTags(graph, page))) names.push(known);
    const guess = suggest(name, names);
    return new StratigraphError("TAG_UNKNOWN", `graph '${graph}' has no tag '${name}'`, {
      expected: names.length === 0 ? undefined : names.slice(0, 5).join(", "),
      hint: guess === undefined ? undefined : `Did you mean '${guess}'?`,
    });
  });
}
