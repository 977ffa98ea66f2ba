// strata gc: what nothing needs any more.

import { refuseOthers } from "../../build/home-marks.ts";
import { placeText } from "../../build/place.ts";
import type { StratigraphError } from "../../errors.ts";
import { collectGarbageIn, type Garbage, type GarbagePartition } from "../../operations/gc.ts";
import { defineCommand, flag, whole, type Command } from "../command.ts";
import { findProject, type Project } from "../project.ts";
import { factGarbage, type FactGarbage, type UnusedStore } from "../retention.ts";
import { errorJson, headline } from "../report/error.ts";
import { escapeText } from "../terminal/escape.ts";
import { bytesText, count, moment, number, short } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";
import type { Colors } from "../terminal/terminal.ts";

const MOST_LISTED = 30;
const MINUTE = 60_000;

export const gc: Command = defineCommand({
  name: "gc",
  summary: "find what nothing needs any more, and delete it when told",
  details: [
    "Only looks, unless told --delete. What a tag names stays, and so do the newest snapshots of each graph, what is being built, and every file of a source. " +
      "A result that goes is built again if it is ever needed again.",
    "Archived versions of models go as `retention` of the configuration says: after so many days, or beyond so many of one model. What is in production, in another stage, or has an alias stays. Events go after so many days, the audit log never.",
    "Bytes in the registry's store go where no version has them, nor will have: what waits in the fallback journal counts, and so does what somebody is registering. In a store that `registry.store` names they only go when told, as other databases may use it.",
  ],
  options: {
    delete: flag("--delete", "delete what was found"),
    apply: flag("--apply", "the same as --delete"),
    keep: whole("--keep <n>", "newest snapshots kept of each graph; 10 unless told", 1),
    grace: whole("--grace <minutes>", "what is younger is left alone; 60 unless told", 0),
    sharedStore: flag("--shared-store", "also delete from the store that `registry.store` names"),
  },
  examples: [
    { command: "strata gc", says: "what could go, how large it is, and who needed it last" },
    { command: "strata gc --keep 3 --delete", says: "keep tagged snapshots and the newest three" },
  ],
  async run(call) {
    const { options, terminal, signal } = call;
    const { keep, sharedStore } = options;
    const grace = (options.grace ?? 60) * MINUTE;
    const remove = options.delete || options.apply;
    const project = await findProject(call);
    if (remove) await refuseShared(project);
    // First, so that what only they needed goes as well.
    const facts = await factGarbage(call, project, { remove, grace, sharedStore });
    await using workspace = await project.open({ readOnly: !remove });
    const garbage = await collectGarbageIn(workspace, { keep, grace, remove, signal });
    const failures = [...facts.failures, ...garbage.failures];
    const { versions, store, events } = facts;
    return {
      exitCode: failures.length > 0 ? 1 : 0,
      json: {
        deleted: garbage.removed,
        bytes: garbage.bytes,
        versions,
        store: { ...store, artifacts: store.artifacts.map(artifactJson) },
        events,
        snapshots: garbage.snapshots.map(({ id, graph, state, createdAt }) => ({ id, graph, state, createdAt })),
        partitions: garbage.partitions.map(partitionJson),
        files: garbage.files,
        kept: garbage.kept,
        failures: failures.map((error) => errorJson(error, call.cwd)),
      },
      lines: [
        ...factLines(facts, remove, terminal.colors),
        ...garbageLines(garbage, failures, isEmpty(facts), terminal.colors),
      ],
    };
  },
});

/** Before the bytes of models, which lie in the same folder. */
async function refuseShared(project: Project): Promise<void> {
  await using workspace = await project.open({ readOnly: true });
  await refuseOthers(workspace);
}

function isEmpty({ versions, store, events }: FactGarbage): boolean {
  return versions.length === 0 && store.artifacts.length === 0 && store.bytes === 0 && events.count === 0;
}

function artifactJson({ digest, size, files, lastReferrer }: UnusedStore["artifacts"][number]): object {
  return { digest, size, files, lastReferrer: lastReferrer ?? null };
}

function partitionJson({ partition, key, lastReferrer }: GarbagePartition): object {
  return {
    key: key ?? null,
    partition: partition.key,
    size: partition.size,
    content: partition.content,
    storage: partition.storage,
    location: partition.location,
    source: partition.input === undefined,
    lastReferrer:
      lastReferrer === undefined
        ? null
        : { graph: lastReferrer.graph, snapshot: lastReferrer.id, createdAt: lastReferrer.createdAt },
  };
}

function factLines({ versions, store, events }: FactGarbage, removed: boolean, colors: Colors): string[] {
  const done = removed ? "deleted" : "could go";
  const rows = versions.map(({ uri, why, size }) => [escapeText(uri), bytesText(size), colors.dim(why)]);
  return [
    ...listed(rows, colors),
    ...(versions.length > 0 ? [`${done}: ${count(versions.length, "archived version")} of models`] : []),
    ...storeLines(store, removed, colors),
    ...(events.count > 0 ? [`${done}: ${count(events.count, "event")} from before ${moment(events.before)}`] : []),
  ];
}

function storeLines({ artifacts, objects, bytes, deleted }: UnusedStore, removed: boolean, colors: Colors): string[] {
  const rows = artifacts.map(({ digest, size, lastReferrer }) => [
    `model's bytes ${short(digest)}`,
    bytesText(size),
    colors.dim(
      lastReferrer === undefined
        ? "of no version"
        : `last of ${escapeText(lastReferrer.resource)}, deleted ${moment(lastReferrer.deletedAt)}`,
    ),
  ]);
  if (rows.length === 0 && bytes === 0) return [];
  const what = `${count(artifacts.length, "stored artifact")} without a version, ${count(objects, "file")}, ${bytesText(bytes)}`;
  return [
    ...listed(rows, colors),
    `${deleted ? "deleted" : "could go"}: ${what}`,
    ...(removed && !deleted
      ? [
          colors.yellow(
            "left there: other databases may use the store of `registry.store`; if none does, add --shared-store",
          ),
        ]
      : []),
  ];
}

function listed(rows: readonly (readonly string[])[], colors: Colors): string[] {
  return [
    ...table(rows.slice(0, MOST_LISTED), { indent: "  ", right: [1] }),
    ...(rows.length > MOST_LISTED
      ? [colors.dim(`  and ${number(rows.length - MOST_LISTED)} more; --json has them all`)]
      : []),
  ];
}

function garbageLines(
  { snapshots, partitions, files, bytes, removed, kept }: Garbage,
  failures: readonly StratigraphError[],
  nothingElse: boolean,
  colors: Colors,
): string[] {
  // Of a source only the record goes; its bytes are the user's, and no news.
  const built = partitions.filter(({ partition }) => partition.input !== undefined);
  const rows = [
    ...snapshots.map(({ id, graph, createdAt }) => [
      `snapshot ${short(id)}`,
      "",
      colors.dim(escapeText(`of ${graph}, ${moment(createdAt)}`)),
    ]),
    ...built.map(({ partition, key, lastReferrer }) => [
      escapeText(placeText(key ?? partition.location, partition.key)),
      bytesText(partition.size),
      colors.dim(
        lastReferrer === undefined
          ? "in no snapshot"
          : `last in snapshot ${short(lastReferrer.id)}, ${moment(lastReferrer.createdAt)}`,
      ),
    ]),
    ...files.map(({ path, bytes: many, kind }) => [
      escapeText(path),
      bytesText(many),
      colors.dim(kind === "temp" ? "left half-written" : "no record names it"),
    ]),
  ];
  const what = [
    count(snapshots.length, "snapshot"),
    count(built.length, "partition"),
    count(files.length, "file"),
  ].join(", ");
  return [
    ...listed(rows, colors),
    ...failures.map(
      (error) =>
        `${colors.red("error:")} ${headline(error)}${error.where === undefined ? "" : `: ${escapeText(error.where)}`}`,
    ),
    ...(rows.length > 0
      ? [`${removed ? "deleted" : "could go"}: ${what}, ${bytesText(bytes)}`]
      : nothingElse
        ? [colors.green("nothing to delete")]
        : []),
    `kept: ${count(kept.snapshots, "snapshot")}, ${number(kept.tagged)} of them tagged`,
    ...((rows.length > 0 || !nothingElse) && !removed ? [`${colors.dim("next:")} the same command with --delete`] : []),
  ];
}
