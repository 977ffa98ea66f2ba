// Every setting there is, its meaning, and what it is unless told.

import { z } from "zod";
import type { Backend } from "../backend/backend.ts";
import type { SecretProvider } from "../util/secret.ts";
import type { DurationText, Milliseconds } from "../util/duration.ts";
import { between, count, data, duration, oneOf, someOf, text, yesNo, type Leaf } from "./leaf.ts";

export const profiles = ["standard", "ubunye", "tauro", "strict-seed"] as const;
export type Profile = (typeof profiles)[number];

export const overflows = ["drop-oldest", "spill"] as const;
export type Overflow = (typeof overflows)[number];

/** A condition of a promotion by its name: `min_auc: 0.9`, `require_drift_check: true`. The registry says which there are. */
export type GateSettings = Readonly<Record<string, number | boolean | string>>;

/** All settings, each with its value. */
export interface Settings {
  readonly graph: string | undefined;
  readonly root: string | undefined;
  readonly path: string | undefined;
  readonly backend: string | Backend | undefined;
  readonly concurrency: number | undefined;
  readonly leaseTime: Milliseconds;
  readonly params: Readonly<Record<string, unknown>>;
  readonly pools: Readonly<Record<string, number>>;
  readonly secrets: SecretProvider | undefined;
  readonly plugins: readonly unknown[];
  readonly enabled: boolean;
  readonly profile: Profile;
  readonly actor: string | undefined;
  readonly metadata: {
    readonly queueSize: number;
    readonly flushTimeout: Milliseconds;
    readonly writeTimeout: Milliseconds;
    readonly overflow: {
      readonly lineage: Overflow;
      readonly registry: Overflow;
      readonly audit: Overflow;
      readonly mirror: Overflow;
    };
    readonly writes: "auto" | "behind" | "durable";
    readonly strict: boolean;
    readonly home: string | undefined;
  };
  readonly registry: {
    readonly backend: string | undefined;
    readonly store: string | undefined;
    readonly namespace: string | undefined;
    readonly catalog: string | undefined;
    readonly schema: string | undefined;
    readonly initialStage: "development" | "staging";
    readonly archivePrevious: "production" | "same-stage" | "never";
    readonly gates: GateSettings;
    readonly projections: readonly ("ubunye" | "tauro")[];
    readonly mlflow: {
      readonly url: string | undefined;
      readonly timeout: Milliseconds;
    };
  };
  readonly lineage: {
    readonly enabled: boolean;
    readonly backend: string | undefined;
    readonly table: string | undefined;
    readonly openLineage: string | undefined;
  };
  readonly retry: {
    readonly maxAttempts: number;
    readonly initialDelay: Milliseconds;
    readonly maxDelay: Milliseconds;
    readonly factor: number;
    readonly jitter: number;
  };
  readonly breaker: {
    readonly enabled: boolean;
    readonly failureThreshold: number;
    readonly successThreshold: number;
    readonly openFor: Milliseconds;
  };
  readonly cache: {
    readonly enabled: boolean;
    readonly maxSize: number;
    readonly defaultTtl: Milliseconds;
  };
  readonly retention: {
    readonly archivedDays: number;
    readonly maxVersions: number;
    readonly eventDays: number;
    readonly audit: "never";
  };
}

/** Whether a type is a group of settings, rather than one setting that happens to be an object. */
type IsGroup<Value> = [Value] extends [Milliseconds | readonly unknown[]]
  ? false
  : [Value] extends [object]
    ? string extends keyof Value
      ? false
      : true
    : false;

/** Settings as one writes them: as few as one likes; times as milliseconds or as text with a unit. */
export type Given<Group> = {
  readonly [Name in keyof Group]?: IsGroup<Group[Name]> extends true
    ? Given<Group[Name]>
    : Group[Name] extends Milliseconds
      ? number | DurationText | undefined
      : Group[Name] | undefined;
};

export type GivenSettings = Given<Settings>;

/** A group of settings, with the leaf of each. */
export type Tree<Group> = {
  readonly [Name in keyof Group]: IsGroup<Group[Name]> extends true ? Tree<Group[Name]> : Leaf<Group[Name]>;
};

export const settings: Tree<Settings> = {
  graph: text("The file that declares the graph, relative to the configuration's folder.", "the path of a file"),
  root: text("The folder relative templates start from; the configuration's own unless told.", "the path of a folder"),
  path: text(
    "The state folder, relative to the configuration's folder; `.strata` in the root unless told.",
    "the path of a folder",
  ),
  backend: backend(),
  concurrency: {
    ...count(1, 1, { says: "Steps that run at once; as many as there are processors unless told." }),
    standard: undefined,
  },
  leaseTime: duration(60_000, {
    least: 1_000,
    says: "Silence after which another process may take over a step, or a place in a pool; a process that is seen to be dead is not waited for.",
  }),
  params: {
    ...data<Readonly<Record<string, unknown>>>({}, "values by name", z.record(z.string(), z.unknown()).readonly(), {
      says: "Values for params of producers, where a build is not given others with -p.",
    }),
    variables: null,
  },
  pools: {
    ...data<Readonly<Record<string, number>>>(
      {},
      "whole numbers of at least 1 by name",
      z.record(z.string(), z.int().min(1)).readonly(),
      { says: "How many steps may be in a pool at once, over all processes with the same database." },
    ),
    variables: null,
  },
  secrets: secrets(),
  plugins: {
    ...data<readonly unknown[]>([], "a list of what definePlugins or import() gave", z.array(z.unknown()).readonly(), {
      says: "Plugins besides those that the project's packages declare; in strata.config.ts only.",
    }),
    variables: null,
  },
  enabled: yesNo(true, { says: "Whether anything about models, lineage, events and audit is kept at all." }),
  profile: oneOf("standard", profiles, {
    says: "Whose habits count: `ubunye` and `tauro` read the old variables of those systems and set their defaults, `strict-seed` drops records where a queue overflows.",
  }),
  actor: text("Who acts, in audit rows and histories; the user of the system unless told.", "a name"),
  metadata: {
    queueSize: count(1_000, 1, {
      says: "Records that may wait to be written, for each kind.",
      variables: ["STRATA_METADATA_QUEUE_SIZE"],
    }),
    writeTimeout: duration(30_000, {
      says: "How long one write of a record may take.",
      variables: ["STRATA_METADATA_WRITE_TIMEOUT"],
    }),
    flushTimeout: duration(30_000, {
      says: "How long the end of a run waits for records that are not written yet.",
      variables: ["STRATA_METADATA_FLUSH_TIMEOUT"],
    }),
    overflow: {
      lineage: overflow("drop-oldest", "lineage records"),
      registry: overflow("spill", "what was decided about models"),
      audit: overflow("spill", "audit rows"),
      mirror: overflow("spill", "what other systems are told"),
    },
    writes: oneOf("auto", ["auto", "behind", "durable"], {
      says: "Whether records are written behind the work or waited for; `auto` is behind inside a run and durable outside.",
    }),
    strict: yesNo(false, {
      says: "Whether a build whose records could not all be written ends with exit code 5, and in a program with METADATA_FELL_BACK.",
    }),
    home: text(
      "The folder of the fallback journal, relative to the configuration's folder; `~/.strata` unless told.",
      "the path of a folder",
      "STRATA_HOME",
    ),
  },
  registry: {
    backend: text(
      "Which registry is used; looked for in the environment unless told.",
      "the name of a registry backend",
      "STRATA_REGISTRY_BACKEND",
    ),
    store: text(
      "Where the bytes of models are: a folder, relative to the root, or a URL; `registry` beside the database unless told.",
      "a folder or URL",
    ),
    namespace: text(
      "The namespace of models that are named without one; `catalog.schema` where those are set, else `default`.",
      "a name",
    ),
    catalog: text("The first half of the namespace, for who comes from a catalog.", "a name", "STRATA_CATALOG"),
    schema: text("The second half of the namespace.", "a name", "STRATA_SCHEMA"),
    initialStage: oneOf("development", ["development", "staging"], { says: "The stage of a new version." }),
    archivePrevious: oneOf("production", ["production", "same-stage", "never"], {
      says: "Which version a promotion archives: the one in production, whichever is in that stage, or none outside of production.",
    }),
    gates: data(
      {},
      'conditions such as { "min_auc": 0.9 }',
      z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])).readonly(),
      {
        says: "What every version must pass to be promoted, where its model has no gates of its own.",
      },
    ),
    projections: someOf(["ubunye", "tauro"], {
      says: "File layouts of other systems that are written after each change.",
    }),
    mlflow: {
      url: text(
        "The MLflow tracking server that is told of models: its address, or `env` for the one in MLFLOW_TRACKING_URI.",
        "the address of a server, or `env`",
      ),
      timeout: duration(5_000, {
        says: "How long telling it of one change may take, before that waits in the fallback journal.",
      }),
    },
  },
  lineage: {
    enabled: yesNo(true, {
      says: "Whether tasks leave lineage records, and builds OpenLineage events; what builds remember of themselves stays.",
    }),
    backend: text(
      "Where lineage is kept; looked for in the environment unless told.",
      "the name of a lineage backend",
      "STRATA_LINEAGE_BACKEND",
    ),
    table: text("The table of a lineage backend that has one.", "the name of a table", "STRATA_LINEAGE_TABLE"),
    openLineage: text(
      "Where OpenLineage events of builds go: a file that is appended to, relative to the configuration's folder.",
      "the path of a file",
    ),
  },
  retry: {
    maxAttempts: count(3, 1, { says: "How often a call to the backend is made that may be made again." }),
    initialDelay: duration(100, { says: "The pause before the second attempt." }),
    maxDelay: duration(10_000, { says: "The longest pause." }),
    factor: between(2, 1, Infinity, { says: "How much longer each pause is than the one before." }),
    jitter: between(0.25, 0, 1, { says: "The share by which pauses differ at random." }),
  },
  breaker: {
    enabled: yesNo(true, { says: "Whether a backend that keeps failing is left alone for a while." }),
    failureThreshold: count(5, 1, { says: "Failures in a row after which it is." }),
    successThreshold: count(2, 1, { says: "Successes in a row after which all is well again." }),
    openFor: duration(30_000, { says: "How long it is left alone before one call tries again." }),
  },
  cache: {
    enabled: yesNo(true, { says: "Whether what was read from the backend is kept in memory." }),
    maxSize: count(1_000, 1, { says: "Answers that are kept." }),
    defaultTtl: duration(300_000, { says: "How long an answer that may change is believed." }),
  },
  retention: {
    archivedDays: count(90, 0, { says: "Days after which `strata gc` may remove archived versions." }),
    maxVersions: count(100, 1, { says: "Versions of one model beyond which the oldest archived ones may go." }),
    eventDays: count(365, 0, { says: "Days after which `strata gc` may remove events." }),
    audit: oneOf("never", ["never"], { says: "The audit log is never shortened." }),
  },
};

function secrets(): Leaf<SecretProvider | undefined> {
  const schema = z.custom<SecretProvider | undefined>((value) => typeof value === "function");
  const leaf = text(
    "Answers secrets that no variable STRATA_SECRET_<NAME> holds; in strata.config.ts only.",
    "a function",
  );
  return {
    ...leaf,
    standard: undefined,
    expected: "a function from a name to a text, or to undefined",
    schema,
    variables: null,
  };
}

function backend(): Leaf<string | Backend | undefined> {
  const schema = z.custom<string | Backend | undefined>(
    (value) =>
      (typeof value === "string" && value !== "") ||
      (typeof value === "object" && value !== null && typeof (value as Partial<Backend>).connect === "function"),
  );
  const leaf = text(
    "Where results and facts are remembered: SQLite in the state folder unless told.",
    'a backend like sqlite("a.db"), a URL like "sqlite:a.db" or "memory:", or the name of one',
    "STRATA_DATABASE_URL",
  );
  return { ...leaf, schema };
}

function overflow(standard: Overflow, what: string): Leaf<Overflow> {
  return oneOf(standard, overflows, {
    says: `What happens to the oldest waiting record when the queue is full, for ${what}: dropped, or kept in the fallback journal.`,
  });
}

/** What each profile says where nobody else does. */
export const profileSettings: Readonly<Record<Profile, GivenSettings>> = {
  standard: {},
  ubunye: {},
  tauro: { registry: { initialStage: "staging" } },
  "strict-seed": {
    metadata: {
      overflow: { lineage: "drop-oldest", registry: "drop-oldest", audit: "drop-oldest", mirror: "drop-oldest" },
    },
  },
};

/** One setting with its path: "metadata.queueSize". */
export interface Entry {
  readonly path: string;
  readonly leaf: Leaf;
}

/** Every leaf, in the order above. */
export const entries: readonly Entry[] = leavesOf(settings, []);

const byPath: ReadonlyMap<string, Leaf> = new Map(entries.map(({ path, leaf }) => [path, leaf]));

export function findLeaf(path: string): Leaf | undefined {
  return byPath.get(path);
}

function leavesOf(tree: object, at: readonly string[]): readonly Entry[] {
  return Object.entries(tree).flatMap(([name, node]: [string, object]) => {
    const path = [...at, name];
    return isLeaf(node) ? [{ path: path.join("."), leaf: node }] : leavesOf(node, path);
  });
}

export function isLeaf(node: object): node is Leaf {
  return (node as Partial<Leaf>).kind === "leaf";
}
