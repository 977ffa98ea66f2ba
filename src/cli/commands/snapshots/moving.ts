// strata snapshots export, import: a snapshot with its bytes as a folder, and from one.

import { resolve } from "node:path";
import { userName } from "../../../build/holder.ts";
import { resolveSnapshot } from "../../../build/snapshot.ts";
import { StratigraphError } from "../../../errors.ts";
import { selectNodes } from "../../../graph/selector.ts";
import type * as Importer from "../../../operations/moving/import-snapshot.ts";
import type * as Reader from "../../../operations/moving/read-folder.ts";
import { systemClock } from "../../../util/clock.ts";
import { defineCommand, flag, text, texts, type Call, type Command } from "../../command.ts";
import { shownPath } from "../../../code/frames.ts";
import { withLookup } from "../../lookup.ts";
import { findProject, makeHome } from "../../project.ts";
import { escapeText } from "../../terminal/escape.ts";
import { shellWord } from "../../terminal/shell-word.ts";
import { bytesText, count, short } from "../../terminal/quantity.ts";

const DRAW_TIME = 100;

export const exporting: Command = defineCommand({
  name: "snapshots export",
  summary: "write a snapshot into a folder, with the bytes of all its partitions",
  details: [
    "What the graph declared, every partition, the text of every fingerprint and the runs that made it all go with it. " +
      "The SHA-256 that is printed seals the folder: told to whoever imports it, it shows any change.",
  ],
  arguments: [
    { shape: "<snapshot>", says: "latest, a tag or the first characters of an id" },
    { shape: "<folder>", says: "empty, or not there yet" },
  ],
  options: {
    only: texts("--only <selector…>", "these artifacts or partitions, and not what they need"),
    tags: flag("--tags", "also the tags that name the snapshot"),
  },
  examples: [
    { command: "strata snapshots export prod ./prod-2026-01", says: "all of it, to be imported elsewhere" },
    { command: "strata snapshots export latest ./total --only total", says: "one result and how it was made" },
  ],
  run: (call) =>
    withLookup(call, async ({ project, workspace, graph: name }) => {
      const { exportSnapshotIn } = await import("../../../operations/moving/export-snapshot.ts");
      const [reference, path] = call.args as [string, string];
      const { only, tags } = call.options;
      const selectors = only === true ? [] : only;
      if (selectors?.length === 0) throw new StratigraphError("USAGE", "--only names nothing");
      const snapshot = await resolveSnapshot(workspace.connection, name, reference);
      // Storages of the user's own can only be read with their file, and selectors are about what it declares.
      const graph =
        selectors !== undefined
          ? (await project.graph()).definition
          : await project.graph().then(
              ({ definition }) => definition,
              () => undefined,
            );
      const folder = resolve(call.cwd, path);
      const draw = drawer(call);
      const exported = await exportSnapshotIn(workspace, snapshot, folder, {
        graph,
        select: selectors === undefined ? undefined : selectNodes(graph!, selectors),
        tags,
        signal: call.signal,
        on: ({ partitions, bytes }) => draw(`  wrote ${count(partitions, "partition")}, ${bytesText(bytes)}`),
      });
      const { green, dim } = call.terminal.colors;
      const place = escapeText(shownPath(folder, call.cwd));
      return {
        json: { graph: name, snapshot: snapshot.id, folder, ...exported },
        lines: [
          `${green("[OK]")} snapshot ${short(snapshot.id)} in ${place}: ${count(exported.partitions, "partition")}, ` +
            `${bytesText(exported.bytes)}, ${count(exported.runs, "run")}` +
            (exported.tags.length === 0 ? "" : `, ${count(exported.tags.length, "tag")}`),
          `SHA-256 ${exported.digest}`,
          `${dim("next:")} strata snapshots import ${shellWord(shownPath(folder, call.cwd))}`,
        ],
      };
    }),
});

export const importing: Command = defineCommand({
  name: "snapshots import",
  summary: "take in a snapshot that was exported",
  details: [
    "Every digest and fingerprint is checked before anything is written. Bytes go into this project's own store, whatever the folder says; " +
      "what is here already stays. A graph that was built the same way then has nothing to build.",
  ],
  arguments: [{ shape: "<folder>", says: "written by strata snapshots export" }],
  options: {
    digest: text("--digest <sha256>", "what the export printed: anything else is refused"),
    tags: flag("--no-tags", "not the tags that are in it"),
    move: flag("--move", "move tags that name another snapshot here"),
    by: text("--by <name>", "who does it, for the history of tags; you, unless told"),
  },
  examples: [
    { command: "strata snapshots import ./prod-2026-01", says: "what strata snapshots export wrote" },
    { command: "strata snapshots import ./total --digest 6f1c…", says: "only if it is the one that was meant" },
  ],
  async run(call) {
    const { importSnapshotIn, openExport } = await loadImporter();
    const { digest, tags, move, by = userName() } = call.options;
    const folder = resolve(call.cwd, call.args[0]!);
    openExport(folder); // before a state folder is made for it
    const project = await findProject(call);
    if (project.config.backend === undefined) makeHome(project.home);
    await using workspace = await project.open();
    const draw = drawer(call);
    const imported = await importSnapshotIn(workspace, folder, {
      digest,
      tags,
      move,
      by,
      signal: call.signal,
      on: ({ checked, written }) =>
        draw(written === 0 ? `  checked ${count(checked, "partition")}` : `  wrote ${count(written, "partition")}`),
    });
    const { snapshot, partitions, written, bytes } = imported;
    const { green } = call.terminal.colors;
    return {
      json: { ...imported, graph: snapshot.graph, snapshot: snapshot.id, state: snapshot.state },
      lines: [
        `${green("[OK]")} snapshot ${short(snapshot.id)} of graph '${escapeText(snapshot.graph)}': ${count(partitions, "partition")}, ` +
          `${written === 0 ? "all here already" : `${count(written, "file")} written, ${bytesText(bytes)}`}` +
          (imported.tags.length === 0 ? "" : `, tagged ${escapeText(imported.tags.join(", "))}`),
      ],
    };
  },
});

/** On its own: TypeScript forgets to rewrite the endings of imports that stand beside an `await using`. */
async function loadImporter(): Promise<Pick<typeof Importer, "importSnapshotIn"> & Pick<typeof Reader, "openExport">> {
  const { importSnapshotIn } = await import("../../../operations/moving/import-snapshot.ts");
  const { openExport } = await import("../../../operations/moving/read-folder.ts");
  return { importSnapshotIn, openExport };
}

/** Draws a line at most ten times a second. */
function drawer({ terminal }: Call): (line: string) => void {
  let drawn = systemClock.monotonic();
  return (line) => {
    if (!terminal.live || systemClock.monotonic() - drawn < DRAW_TIME) return;
    drawn = systemClock.monotonic();
    terminal.draw([terminal.cut(line)]);
  };
}
