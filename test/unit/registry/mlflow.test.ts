// The registry's mirror in an MLflow server: what arrives there, how often, and what its troubles do to whoever registers.

import { describe, expect, it } from "vitest";
import { syncJournal, type SyncResult } from "../../../src/changes/sync.ts";
import type { MLOps, MLOpsOptions } from "../../../src/mlops/mlops.ts";
import { openMlflowMirror } from "../../../src/mlops/open-mlflow.ts";
import { effectOf } from "../../support/effect.ts";
import { failureOf } from "../../support/folder.ts";
import { instanceSpace, type InstanceSpace } from "../../support/instance.ts";
import { startMlflow, type MlflowServerThere } from "../../support/mlflow-server.ts";

const bytes = new Uint8Array([1]);
const register = (mlops: MLOps, fields: object = {}) =>
  mlops.registry.register({ name: "team/churn", artifact: bytes, ...fields });

function mirrored(server: MlflowServerThere, more: MLOpsOptions = {}, timeout = 2_000): MLOpsOptions {
  return { registry: { mlflow: { url: server.url, timeout } }, ...more };
}

/** Through everything that waits, as `strata sync mirror` does. */
async function sync(
  { folder }: InstanceSpace,
  mlops: MLOps,
  server: MlflowServerThere,
  env: Readonly<Record<string, string>> = {},
): Promise<SyncResult> {
  const { settings, host, connection } = mlops;
  const mirror = await openMlflowMirror({
    ...{ settings, host, rows: connection, env, folder: folder.path, warn: () => undefined },
  });
  expect(settings.registry.mlflow.url).toBe(server.url);
  try {
    return await syncJournal({
      home: folder.at("journal"),
      connection,
      actions: [mirror!.replay],
      kind: "mirror",
    });
  } finally {
    await mirror!.close();
  }
}

const journalOf = ({ folder }: InstanceSpace): string =>
  folder
    .files()
    .filter((file) => file.startsWith("journal/fallback"))
    .map((file) => folder.read(file))
    .join("");

describe("an MLflow server that is told of models", () => {
  it("has each version once, with its stage, and an alias for who is in staging and production", async () => {
    await using server = await startMlflow();
    await using space = instanceSpace();
    const mlops = await space.open(mirrored(server));

    await register(mlops, { metrics: { auc: 0.91 }, labels: { team: "risk" }, description: "the first" });
    await register(mlops);
    await mlops.registry.promote("team/churn@1.0.0", "production");
    await mlops.registry.promote("team/churn@1.0.1", "production");
    await mlops.flush();

    expect(server.seen("team~churn")).toEqual({
      versions: [
        ["1", "1.0.0", "Archived"],
        ["2", "1.0.1", "Production"],
      ],
      aliases: { production: "2" },
    });
    const [first] = server.models.get("team~churn")!.versions;
    expect(first!.description).toBe("the first");
    expect(first!.source).toBe("stratigraph://team/churn/1.0.0");
    expect(Object.fromEntries(first!.tags)).toMatchObject({
      "label.team": "risk",
      "metric.auc": "0.91",
      "stratigraph.stage": "archived",
      "stratigraph.by": "ana",
    });
    expect(space.warnings).toEqual([]);
  });

  it("has labels, descriptions and aliases as they are now, and keeps what others wrote there", async () => {
    await using server = await startMlflow();
    await using space = instanceSpace();
    const mlops = await space.open(mirrored(server));
    await register(mlops, { labels: { team: "risk", gone: "soon" } });
    await register(mlops);
    await mlops.registry.setAlias("team/churn@1.0.0", "champion");
    await mlops.flush();
    const there = server.models.get("team~churn")!;
    there.versions[0]!.tags.set("reviewed", "yes");
    there.aliases.set("theirs", "1");

    await mlops.registry.setLabels("team/churn@1.0.0", { team: "fraud" });
    await mlops.registry.removeLabels("team/churn@1.0.0", ["gone"]);
    // Neither a name with a colon nor an empty text is a tag there.
    await mlops.registry.setLabels("team/churn", { tier: "1", "no: tag": "x", empty: "" });
    await mlops.registry.describe("team/churn", "who leaves");
    await mlops.registry.setAlias("team/churn@1.0.1", "champion");
    await mlops.registry.setAlias("team/churn@1.0.0", "old");
    await mlops.registry.removeAlias("team/churn", "old");
    await mlops.flush();

    expect(Object.fromEntries(there.versions[0]!.tags)).toMatchObject({ "label.team": "fraud", reviewed: "yes" });
    expect(there.versions[0]!.tags.has("label.gone")).toBe(false);
    expect(Object.fromEntries(there.tags)).toEqual({ "stratigraph.model": "team/churn", "label.tier": "1" });
    expect(there.description).toBe("who leaves");
    expect(Object.fromEntries(there.aliases)).toEqual({ champion: "2", theirs: "1" });
    expect(space.warnings).toEqual([]);
  });

  it("has what another process changed while it was told", async () => {
    await using server = await startMlflow();
    await using space = instanceSpace();
    const mlops = await space.open(mirrored(server));
    const other = await space.open();
    let changes = 0;
    server.fault = async (call) => {
      if (call !== "POST model-versions/create" || changes++ > 0) return undefined;
      await other.registry.promote("team/churn@1.0.0", "production");
      await other.registry.setLabels("team/churn@1.0.0", { late: "yes" });
      return undefined;
    };
    await register(mlops);
    await mlops.flush();

    expect(server.seen("team~churn")).toEqual({
      versions: [["1", "1.0.0", "Production"]],
      aliases: { production: "1" },
    });
    expect(server.models.get("team~churn")!.versions[0]!.tags.get("label.late")).toBe("yes");
  });

  it("loses a version that is deleted here", async () => {
    await using server = await startMlflow();
    await using space = instanceSpace();
    const mlops = await space.open(mirrored(server));
    await register(mlops);
    await register(mlops);
    await mlops.registry.archive("team/churn@1.0.0");
    await mlops.registry.deleteVersion("team/churn@1.0.0");
    await mlops.flush();

    expect(server.seen("team~churn")).toEqual({ versions: [["2", "1.0.1", "None"]], aliases: {} });
  });

  it("without stages of its own has them as tags and aliases", async () => {
    await using server = await startMlflow();
    server.fault = (call) =>
      call.endsWith("transition-stage") ? { status: 404, body: "<h1>Not Found</h1>" } : undefined;
    await using space = instanceSpace();
    const mlops = await space.open(mirrored(server));
    await register(mlops);
    await mlops.registry.promote("team/churn@1.0.0", "production");
    await mlops.flush();

    expect(server.seen("team~churn")).toEqual({ versions: [["1", "1.0.0", "None"]], aliases: { production: "1" } });
    expect(journalOf(space)).toBe("");
  });
});

describe("a server in trouble", () => {
  it("that hangs delays no registration by 200 ms, and nothing is lost", async () => {
    await using server = await startMlflow();
    server.fault = () => "hang";
    await using space = instanceSpace();
    const mlops = await space.open(mirrored(server, {}, 300));
    await register(mlops);

    const started = performance.now();
    await register(mlops);
    const took = performance.now() - started;
    await mlops.flush();
    server.fault = () => undefined;
    const { counts } = await sync(space, mlops, server);

    expect(took).toBeLessThan(200);
    expect(counts).toMatchObject({ failed: 0, conflict: 0 });
    expect(counts.delivered).toBeGreaterThanOrEqual(2);
    expect(server.seen("team~churn")).toMatchObject({
      versions: [
        ["1", "1.0.0", "None"],
        ["2", "1.0.1", "None"],
      ],
    });
  });

  it("that is down has everything in the journal, and a sync tells it once, however often it is run", async () => {
    await using server = await startMlflow();
    server.fault = () => ({ status: 503, body: "no healthy upstream" });
    await using space = instanceSpace();
    const mlops = await space.open(mirrored(server));
    const fellBack: unknown[] = [];
    mlops.events.subscribe("metadata.fell_back", ({ data }) => void fellBack.push(data.kind));
    await register(mlops);
    await mlops.registry.promote("team/churn@1.0.0", "staging");
    await mlops.registry.setAlias("team/churn@1.0.0", "champion");
    const { fallback } = await mlops.flush();
    const waiting = journalOf(space).trim().split("\n").filter(Boolean).length;

    const failed = await sync(space, mlops, server);
    server.fault = () => undefined;
    const delivered = await sync(space, mlops, server);
    const again = await sync(space, mlops, server);

    expect(fallback).toBe(waiting);
    expect(fellBack).toEqual(Array<string>(waiting).fill("mirror"));
    expect(failed.counts).toMatchObject({ delivered: 0, failed: waiting });
    expect(delivered.counts).toMatchObject({ delivered: waiting, failed: 0 });
    expect(again.lines).toEqual([]);
    expect(server.seen("team~churn")).toEqual({
      versions: [["1", "1.0.0", "Staging"]],
      aliases: { staging: "1", champion: "1" },
    });
  });

  it.each([
    "registered-models/create",
    "model-versions/create",
    "model-versions/transition-stage",
    "registered-models/alias",
  ])("that does %s and loses the answer has it once when it is told again", async (lost) => {
    await using server = await startMlflow();
    let losses = 0;
    server.fault = (call) => (call === `POST ${lost}` && losses++ === 0 ? "lose" : undefined);
    await using space = instanceSpace();
    const mlops = await space.open(mirrored(server));
    await register(mlops);
    await mlops.registry.promote("team/churn@1.0.0", "production");
    await mlops.flush();

    const { counts } = await sync(space, mlops, server);

    expect(losses).toBeGreaterThan(0);
    expect(counts.delivered).toBeGreaterThan(0);
    // Not even for a moment was there a second one.
    expect(server.models.get("team~churn")!.highest).toBe(1);
    expect(server.seen("team~churn")).toEqual({
      versions: [["1", "1.0.0", "Production"]],
      aliases: { production: "1" },
    });
  });

  it("on which two processes made the same version keeps the first", async () => {
    await using server = await startMlflow();
    await using space = instanceSpace();
    const mlops = await space.open(mirrored(server));
    await register(mlops);
    await mlops.flush();
    const there = server.models.get("team~churn")!;
    const [first] = there.versions;
    there.versions.push({ ...first!, version: String(++there.highest), tags: new Map(first!.tags) });

    await mlops.registry.promote("team/churn@1.0.0", "production");
    await mlops.flush();

    expect(server.seen("team~churn")).toEqual({
      versions: [["1", "1.0.0", "Production"]],
      aliases: { production: "1" },
    });
  });

  it("that refuses the token is told later, and neither journal nor sentence has the token in it", async () => {
    await using server = await startMlflow();
    server.authorization = "Bearer right-one";
    await using space = instanceSpace();
    const mlops = await space.open(mirrored(server, { env: { MLFLOW_TRACKING_TOKEN: "s3cret-token" } }));
    const said: string[] = [];
    mlops.events.subscribe("metadata.fell_back", ({ data }) => void said.push(data.error));
    await register(mlops);
    await mlops.flush();

    expect(said).not.toEqual([]);
    expect(`${said.join()} ${journalOf(space)} ${space.warnings.join()}`).not.toContain("s3cret-token");
    expect(journalOf(space)).toContain("the MLflow server wants other credentials");

    // A server that says again what it was sent is not believed to be discreet.
    const echo = JSON.stringify({ error_code: "INTERNAL_ERROR", message: "bad header Bearer s3cret-token" });
    server.fault = () => ({ status: 500, type: "application/json", body: echo });
    const { lines } = await sync(space, mlops, server, { MLFLOW_TRACKING_TOKEN: "s3cret-token" });
    expect(lines[0]!.error!.message).toContain("INTERNAL_ERROR");
    expect(lines[0]!.error!.message).not.toContain("s3cret-token");
    server.fault = () => undefined;

    await mlops.close();
    const later = await space.open(mirrored(server, { env: { MLFLOW_TRACKING_TOKEN: "right-one" } }));
    await later.registry.setLabels("team/churn@1.0.0", { a: "b" });
    await later.flush();
    expect(server.seen("team~churn")).toMatchObject({ versions: [["1", "1.0.0", "None"]] });
  });

  it.each([
    [
      "is none at all",
      { status: 404, body: "<h1>Not Found</h1>" },
      "there is no MLflow tracking server at that address",
    ],
    [
      "answers with a page",
      { status: 200, body: "<html>log in</html>" },
      "what answers there is not an MLflow tracking server",
    ],
    ["sends elsewhere", { status: 302, body: "" }, "the MLflow server failed"],
    [
      "answers JSON of its own",
      { status: 200, type: "application/json", body: "[1]" },
      "what answers there is not an MLflow tracking server",
    ],
    ["fails", { status: 500, body: "boom" }, "the MLflow server failed"],
  ] as const)("that %s: the journal says so in one sentence", async (_how, fault, sentence) => {
    await using server = await startMlflow();
    server.fault = () => fault;
    await using space = instanceSpace();
    const mlops = await space.open(mirrored(server));
    await register(mlops);
    await mlops.flush();

    expect(journalOf(space)).toContain(sentence);
  });

  it("is told by no sync what is for another one, or of another database", async () => {
    await using server = await startMlflow();
    await using another = await startMlflow();
    server.fault = () => ({ status: 503, body: "" });
    await using space = instanceSpace();
    await using elsewhere = instanceSpace();
    const mlops = await space.open(mirrored(server));
    await register(mlops);
    await mlops.flush();
    server.fault = () => undefined;

    const redirected = await sync(space, await space.open(mirrored(another)), another);
    const misplaced = await sync(space, await elsewhere.open(mirrored(server)), server);
    const right = await sync(space, mlops, server);

    const what = ({ lines }: SyncResult) => [
      ...new Set(lines.map(({ outcome, error }) => [outcome, error?.what].join())),
    ];
    expect(what(redirected)).toEqual(["conflict,the record is for another MLflow server"]);
    expect(what(misplaced)).toEqual(["conflict,there is no such model in this database, so nothing can be told of it"]);
    expect(what(right)).toEqual(["delivered,"]);
    expect(another.calls).toEqual([]);
    expect(server.seen("team~churn")).toMatchObject({ versions: [["1", "1.0.0", "None"]] });
  });

  it("that can never take an alias is warned about, and what comes after it arrives", async () => {
    await using server = await startMlflow();
    await using space = instanceSpace();
    const mlops = await space.open(mirrored(server));
    await register(mlops);
    await mlops.registry.setAlias("team/churn@1.0.0", "the.best");
    await mlops.flush();
    await mlops.registry.setAlias("team/churn@1.0.0", "best");
    await mlops.flush();

    expect(space.warnings.join()).toContain("the MLflow server was not told of team/churn: ");
    expect(space.warnings.join()).toContain("Invalid alias name: 'the.best'");
    expect(journalOf(space)).toBe("");
    expect(server.seen("team~churn")).toMatchObject({ aliases: { best: "1" } });
  });
});

describe("the settings of the mirror", () => {
  effectOf("registry.mlflow.url", "a server is told of models, or none", async () => {
    await using server = await startMlflow();
    for (const url of [undefined, server.url]) {
      await using space = instanceSpace();
      const mlops = await space.open({ registry: { mlflow: { url } }, env: { MLFLOW_TRACKING_URI: server.url } });
      await register(mlops);
      await mlops.flush();
      expect(server.calls.length > 0).toBe(url !== undefined);
    }
  });

  effectOf("registry.mlflow.timeout", "is how long a server that hangs is waited for", async () => {
    await using server = await startMlflow();
    server.fault = () => "hang";
    const times: number[] = [];
    for (const timeout of [50, 900]) {
      await using space = instanceSpace();
      const mlops = await space.open(mirrored(server, {}, timeout));
      await register(mlops);
      const started = performance.now();
      await mlops.flush();
      times.push(performance.now() - started);
    }

    expect(times[0]).toBeLessThan(600);
    expect(times[1]).toBeGreaterThan(600);
  });

  it("take the address from MLFLOW_TRACKING_URI where they say env, and name and password from variables", async () => {
    await using server = await startMlflow();
    server.authorization = `Basic ${Buffer.from("ana:pass").toString("base64")}`;
    await using space = instanceSpace();
    const mlops = await space.open({
      registry: { mlflow: { url: "env" } },
      env: { MLFLOW_TRACKING_URI: server.url, MLFLOW_TRACKING_USERNAME: "ana", MLFLOW_TRACKING_PASSWORD: "pass" },
    });
    await register(mlops);
    await mlops.flush();

    expect(server.seen("team~churn")).toMatchObject({ versions: [["1", "1.0.0", "None"]] });
  });

  it.each([
    ["env", "nothing"],
    ["databricks", '"databricks"'],
    ["ftp://there", '"ftp://there"'],
  ])("refuse '%s' in one sentence", async (url, received) => {
    await using space = instanceSpace();

    const failure = await failureOf(() => space.open({ registry: { mlflow: { url } } }));

    expect(failure.code).toBe("CONFIG_INVALID");
    expect(failure.message).toContain("that is not the address of an MLflow server");
    expect(failure).toMatchObject({ received });
  });

  it("refuse an address with a password in it, and do not repeat it", async () => {
    await using space = instanceSpace();

    const failure = await failureOf(() => space.open({ registry: { mlflow: { url: "http://ana:pass@there" } } }));

    expect(failure.code).toBe("CONFIG_INVALID");
    expect(failure.message).not.toContain("pass@");
  });
});
