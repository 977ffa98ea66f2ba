// Settings on the command line: shown with their origin, refused where they are wrong, and used.

import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openSpend } from "./spend.ts";
import { openSpace } from "../../support/space.ts";

const trained = `
import { z } from "zod";
import { artifact, graph, literal, producer } from "stratigraph";

const Numbers = artifact({ schema: z.array(z.number()) });
const Model = artifact({ schema: z.number() });
const train = producer({
  name: "train",
  version: "1.0.0",
  inputs: { numbers: Numbers },
  output: Model,
  annotations: { strata: { actor: "trainer", lineage: { enabled: false } } },
  build: ({ numbers }) => numbers.length,
});
export const training = graph(
  "training",
  () => {
    const numbers = Numbers.from(literal([1, 2, 3]));
    return { numbers, model: train({ numbers }) };
  },
  { annotations: { strata: { actor: "graph", metadata: { queueSize: 5 } } } },
);
`;

describe("config show", () => {
  it("says every setting with the layer it comes from", async () => {
    await using space = await openSpace();
    space.write({
      "strata.config.ts": `export default { metadata: { queueSize: 2, flushTimeout: "5m" }, profile: "tauro" };`,
    });
    const { json, stdout } = await space.run(["config", "show", "--origin", "--json"], {
      env: { STRATA_METADATA_QUEUE_SIZE: "3" },
    });
    const text = await space.strata("config", "--origin");

    expect(json.settings["metadata.queueSize"]).toEqual({
      value: 3,
      layer: "environment",
      where: "STRATA_METADATA_QUEUE_SIZE",
    });
    expect(json.settings["metadata.flushTimeout"]).toEqual({ value: "5m", layer: "file", where: "strata.config.ts" });
    expect(json.settings["registry.initialStage"]).toMatchObject({ value: "staging", layer: "profile" });
    expect(json.settings["retry.maxAttempts"]).toEqual({ value: 3, layer: "default", where: "default" });
    expect(text.stdout).toMatch(/^metadata\.queueSize +2 +file: strata\.config\.ts$/m);
    expect(stdout).not.toContain("undefined");
  });

  it("says what a graph and a producer change by their annotations", async () => {
    await using space = await openSpace();
    space.write({ "graph.ts": trained });
    const { json } = await space.strata("config", "show", "--producer", "train", "--json");
    const unknown = await space.strata("config", "show", "--producer", "trian");

    expect(json.settings["actor"]).toEqual({ value: "trainer", layer: "producer", where: "producer 'train'" });
    expect(json.settings["metadata.queueSize"]).toEqual({ value: 5, layer: "graph", where: "graph 'training'" });
    expect(json.settings["lineage.enabled"].value).toBe(false);
    expect([unknown.code, unknown.stderr.includes("Did you mean 'train'?")]).toEqual([2, true]);
  });

  it("takes a YAML file, and names the line of a slip", async () => {
    await using space = await openSpace();
    space.write({ "strata.yaml": "metadata:\n  queue_size: 7\n" });
    const { json } = await space.strata("config", "show", "--json");
    space.write({ "strata.yaml": "metadata:\n  quue_size: 7\n" });
    const slip = await space.strata("ls");

    expect(json.settings["metadata.queueSize"]).toEqual({ value: 7, layer: "file", where: "strata.yaml:2:15" });
    expect(slip.code).toBe(1);
    expect(slip.stderr).toContain("strata.yaml:2:14");
    expect(slip.stderr).toContain("Did you mean 'metadata.queueSize'?");
  });

  it("shows no password", async () => {
    await using space = await openSpace();
    const env = { STRATA_DATABASE_URL: "acme://ana:hunter2@host/db?token=hunter2" };
    const { stdout } = await space.run(["config", "show", "--origin"], { env });
    const listing = await space.run(["ls", "--json"], { env });
    const doctor = await space.run(["doctor"], { env });

    expect(stdout).toContain("acme://ana:***@host/db?token=***");
    expect(listing.json.error.code).toBe("PLUGIN_NOT_FOUND");
    expect([stdout, listing.stdout, listing.stderr, doctor.stdout, doctor.stderr].join("")).not.toContain("hunter2");
  });

  it("lists the variables there are", async () => {
    await using space = await openSpace();
    const { json, stdout } = await space.strata("config", "show", "--variables", "--json");

    expect(json.variables.map(({ name }: { name: string }) => name)).toContain("STRATA_METADATA__QUEUE_SIZE");
    expect(stdout).toContain("STRATA_CONFIG");
  });
});

describe("a variable that begins with STRATA_ and means nothing", () => {
  it("is told once, by whichever command", async () => {
    await using space = await openSpace();
    const { stderr, code } = await space.run(["ls"], { env: { STRATA_GRAPHS: "x.ts" } });

    expect(stderr.match(/STRATA_GRAPHS means nothing; did you mean STRATA_GRAPH\?/g)).toHaveLength(1);
    expect(code).not.toBe(1);
  });
});

describe("settings that every command uses", () => {
  it("STRATA_PATH is the state folder", async () => {
    await using space = await openSpend();
    const env = { STRATA_PATH: "state" };
    await space.run(["build", "spend.ts"], { env });
    const { json } = await space.run(["snapshots", "--json"], { env });

    expect(existsSync(space.path("state", "strata.db"))).toBe(true);
    expect(existsSync(space.path(".strata", "strata.db"))).toBe(false);
    expect(json.snapshots).toHaveLength(1);
  });

  it("STRATA_BACKEND says where results are remembered", async () => {
    await using space = await openSpend();
    const sqlite = await space.run(["build", "spend.ts"], { env: { STRATA_BACKEND: "sqlite:elsewhere/a.db" } });
    const memory = await space.run(["build", "spend.ts"], { env: { STRATA_BACKEND: "memory" } });
    const unknown = await space.run(["build", "spend.ts"], { env: { STRATA_BACKEND: "sqlit:a.db" } });

    expect([sqlite.code, memory.code, unknown.code]).toEqual([0, 0, 1]);
    expect(existsSync(space.path("elsewhere", "a.db"))).toBe(true);
    expect(existsSync(space.path(".strata", "strata.db"))).toBe(false);
    expect(unknown.stderr).toContain("'file', 'memory', 'sqlite'");
    expect(unknown.stderr).toContain("Did you mean 'sqlite'?");
  });
});

describe("doctor", () => {
  it("says which registry and lineage are meant, and why", async () => {
    await using space = await openSpace();
    const usual = await space.strata("doctor", "--json");
    const cluster = await space.run(["doctor", "--json"], {
      env: { DATABRICKS_RUNTIME_VERSION: "15.4", MLFLOW_TRACKING_URI: "http://mlflow", STRATA_LINEAGE_TABLE: "a.b.c" },
    });
    const said = await space.run(["doctor", "--json"], {
      env: {
        DATABRICKS_RUNTIME_VERSION: "15.4",
        MLFLOW_TRACKING_URI: "http://x",
        STRATA_REGISTRY_BACKEND: "filesystem",
      },
    });
    const find = ({ json }: { readonly json: any }, name: string): unknown =>
      json.checks.find((check: { name: string }) => check.name === name);

    expect(find(usual, "registry")).toMatchObject({ status: "ok", says: "'filesystem': nothing says otherwise" });
    expect(find(cluster, "registry")).toMatchObject({
      status: "fail",
      says: "'mlflow': DATABRICKS_RUNTIME_VERSION and MLFLOW_TRACKING_URI is set; there is no such plugin",
    });
    expect(find(cluster, "lineage")).toMatchObject({
      status: "fail",
      says: expect.stringContaining("'databricks-sql'"),
    });
    expect(find(said, "registry")).toMatchObject({
      status: "ok",
      says: "'filesystem': STRATA_REGISTRY_BACKEND says so",
    });
  });
});

describe("a project without a configuration", () => {
  it("loads nothing that reads one, nor any of what keeps models", async () => {
    await using space = await openSpend();
    space.write({
      "trace.mjs": `import { appendFileSync } from "node:fs";
export async function load(url, context, next) { appendFileSync("loaded.txt", url + "\\n"); return next(url, context); }`,
      "register.mjs": `import { register } from "node:module"; register(new URL("trace.mjs", import.meta.url));`,
    });
    const env = { NODE_OPTIONS: `--import=${space.path("register.mjs")}` };
    const { code } = await space.run(["build", "spend.ts"], { env });
    const loaded = space.read("loaded.txt").split("\n");
    const unwanted =
      /\/dist\/(config\/(?!project)|plugins\/(?!define)|registry\/|lineage\/|changes\/|journal\/|mlops\/)|node_modules\/(yaml|semver|cockatiel|lru-cache)\//;

    expect(code).toBe(0);
    expect(loaded.length).toBeGreaterThan(50);
    expect(loaded.filter((url) => unwanted.test(url))).toEqual([]);
  });
});
