// The commands by name, each loaded only when it is called.

import type { Command } from "./command.ts";

export interface Entry {
  readonly name: string;
  /** What comes after the name. */
  readonly usage: string;
  /** The command's own summary, here too so that `strata --help` loads no command. */
  readonly summary: string;
  load(): Promise<Command>;
}

export interface Chapter {
  readonly title: string;
  readonly entries: readonly Entry[];
}

export const catalog: readonly Chapter[] = [
  {
    title: "Build",
    entries: [
      {
        name: "init",
        usage: "[folder]",
        summary: "write a small working project",
        load: async () => (await import("./commands/init.ts")).init,
      },
      {
        name: "build",
        usage: "[file] [selector…]",
        summary: "build what changed, and say why",
        load: async () => (await import("./commands/build.ts")).build,
      },
      {
        name: "plan",
        usage: "[file] [selector…]",
        summary: "say what a build would do, and why",
        load: async () => (await import("./commands/plan.ts")).plan,
      },
      {
        name: "why",
        usage: "<artifact[partition]>",
        summary: "why something would be, or was, built or reused",
        load: async () => (await import("./commands/why.ts")).why,
      },
    ],
  },
  {
    title: "Look",
    entries: [
      {
        name: "graph",
        usage: "[file] [selector…]",
        summary: "show the graph, and the state of everything in it",
        load: async () => (await import("./commands/graph.ts")).graph,
      },
      {
        name: "ls",
        usage: "[artifact]",
        summary: "list artifacts, or the partitions of one",
        load: async () => (await import("./commands/ls.ts")).ls,
      },
      {
        name: "show",
        usage: "<thing>",
        summary: "show an artifact, partition, snapshot, tag or run",
        load: async () => (await import("./commands/show.ts")).show,
      },
      {
        name: "read",
        usage: "<artifact[partition]>",
        summary: "print a value",
        load: async () => (await import("./commands/read.ts")).read,
      },
      {
        name: "snapshots",
        usage: "[verb]",
        summary: "list snapshots, newest first; export and import one",
        load: async () => (await import("./commands/snapshots.ts")).snapshots,
      },
      {
        name: "diff",
        usage: "<before> [after]",
        summary: "what differs between two snapshots or tags",
        load: async () => (await import("./commands/diff.ts")).diff,
      },
      {
        name: "replay",
        usage: "<artifact[partition]@snapshot>",
        summary: "run one producer again on exactly its stored inputs, and compare",
        load: async () => (await import("./commands/replay.ts")).replay,
      },
      {
        name: "bisect",
        usage: "<artifact[partition]>",
        summary: "find the snapshot from which on a check fails, and what changed there",
        load: async () => (await import("./commands/bisect.ts")).bisect,
      },
      {
        name: "stats",
        usage: "<artifact>",
        summary: "the statistics of an artifact, over its partitions",
        load: async () => (await import("./commands/stats.ts")).stats,
      },
      {
        name: "lineage",
        usage: "[verb]",
        summary: "what ran, what it read and wrote, and what came from what",
        load: async () => (await import("./commands/lineage.ts")).lineage,
      },
    ],
  },
  {
    title: "Keep",
    entries: [
      {
        name: "tag",
        usage: "[name] [snapshot]",
        summary: "give a snapshot a name; list, move and delete names",
        load: async () => (await import("./commands/tag.ts")).tag,
      },
      {
        name: "env",
        usage: "[command]",
        summary: "environments: names that builds move, promotion, rollback",
        load: async () => (await import("./commands/env.ts")).env,
      },
      {
        name: "pin",
        usage: "[selector@snapshot…]",
        summary: "keep using a stored result, whatever changes",
        load: async () => (await import("./commands/marks.ts")).pin,
      },
      {
        name: "unpin",
        usage: "<selector…>",
        summary: "let builds decide again about pinned results",
        load: async () => (await import("./commands/marks.ts")).unpin,
      },
      {
        name: "taint",
        usage: "[selector@snapshot…]",
        summary: "never use a stored result again: the next build makes it anew",
        load: async () => (await import("./commands/marks.ts")).taint,
      },
      {
        name: "quarantine",
        usage: "[artifact[partition]]",
        summary: "list and read values that checks refused, and let them go",
        load: async () => (await import("./commands/quarantine.ts")).quarantine,
      },
      {
        name: "verify",
        usage: "[snapshot…]",
        summary: "read everything stored again and compare it with what was recorded",
        load: async () => (await import("./commands/verify.ts")).verify,
      },
      {
        name: "gc",
        usage: "",
        summary: "find what nothing needs any more, and delete it when told",
        load: async () => (await import("./commands/gc.ts")).gc,
      },
      {
        name: "backend",
        usage: "copy <to>",
        summary: "copy everything the database holds into another one",
        load: async () => (await import("./commands/backend.ts")).backend,
      },
      {
        name: "config",
        usage: "show",
        summary: "show every setting, and where its value comes from",
        load: async () => (await import("./commands/config.ts")).config,
      },
      {
        name: "plugins",
        usage: "",
        summary: "list the plugins there are, and where they come from",
        load: async () => (await import("./commands/plugins.ts")).plugins,
      },
      {
        name: "sync",
        usage: "[kind]",
        summary: "deliver what waits in the fallback journal",
        load: async () => (await import("./commands/sync.ts")).sync,
      },
      {
        name: "audit",
        usage: "[verb]",
        summary: "who did what to what, and whether anybody has tampered with it",
        load: async () => (await import("./commands/audit.ts")).audit,
      },
      {
        name: "events",
        usage: "",
        summary: "what happened, newest first, or as it happens",
        load: async () => (await import("./commands/events.ts")).events,
      },
      {
        name: "repl",
        usage: "",
        summary: "a prompt with the graph in it",
        load: async () => (await import("./commands/repl.ts")).repl,
      },
      {
        name: "completion",
        usage: "<shell>",
        summary: "print a script that completes commands, options and names in your shell",
        load: async () => (await import("./commands/completion.ts")).completion,
      },
      {
        name: "doctor",
        usage: "",
        summary: "check this machine, the project and its database",
        load: async () => (await import("./commands/doctor.ts")).doctor,
      },
    ],
  },
  {
    title: "Release",
    entries: [
      {
        name: "models",
        usage: "<verb>",
        summary: "register model versions and see them through their stages",
        load: async () => (await import("./commands/models.ts")).models,
      },
      {
        name: "export",
        usage: "<folder>",
        summary: "write models into a folder, in our layout or another system's",
        load: async () => (await import("./commands/export.ts")).exporting,
      },
      {
        name: "import",
        usage: "<folder>",
        summary: "take models from a folder, ours or another system's",
        load: async () => (await import("./commands/import.ts")).importing,
      },
      {
        name: "reindex",
        usage: "<folder>",
        summary: "rebuild a folder that shows the registry in another system's layout",
        load: async () => (await import("./commands/reindex.ts")).reindex,
      },
    ],
  },
];

export const entries: readonly Entry[] = catalog.flatMap((chapter) => chapter.entries);
