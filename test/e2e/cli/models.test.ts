// strata models: the registry on the command line, word for word.

import { afterAll, describe, expect, it } from "vitest";
import { openRegistry } from "../../support/registry.ts";
import { openSpace, type Space } from "../../support/space.ts";

const MODEL = ["-u", "fraud_detection", "-m", "FraudRiskModel"];

async function register(space: Space, version: string, ...metrics: readonly string[]): Promise<void> {
  space.write({ [`${version}.bin`]: version });
  const { code, stderr } = await space.run([
    "models",
    "register",
    `${version}.bin`,
    ...MODEL,
    "-v",
    version,
    "--metric",
    ...metrics,
    "--run",
    `run-${version}`,
  ]);
  expect([code, stderr]).toEqual([0, ""]);
}

/** Three versions: 1.1.0 archived, 1.2.0 in staging, 1.3.0 in production. */
async function openModels(): Promise<Space> {
  const space = await openSpace({ installed: false });
  await register(space, "1.1.0", "auc=0.88", "f1=0.85", "accuracy=0.93");
  await register(space, "1.2.0", "auc=0.91", "f1=0.87", "accuracy=0.94");
  await register(space, "1.3.0", "auc=0.93", "f1=0.88", "accuracy=0.95");
  await space.strata("models", "promote", ...MODEL, "-v", "1.1.0", "--to", "production");
  await space.strata("models", "promote", ...MODEL, "-v", "1.2.0", "--to", "staging");
  await space.strata("models", "promote", ...MODEL, "-v", "1.3.0", "--to", "production");
  return space;
}

const settled = (text: string): string => text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "2024-06-15T02:10:00Z");

describe("strata models", () => {
  it("list prints version, stage, time and three metrics, newest first", async () => {
    await using space = await openModels();

    const { stdout, code } = await space.strata("models", "list", ...MODEL);

    expect(code).toBe(0);
    expect(settled(stdout)).toBe(
      [
        "  Version      Stage          Registered                    Key metrics",
        "  ------------ -------------- ---------------------------- ------------------------------",
        "  1.3.0        production     2024-06-15T02:10:00Z          auc=0.930, f1=0.880, accuracy=0.950",
        "  1.2.0        staging        2024-06-15T02:10:00Z          auc=0.910, f1=0.870, accuracy=0.940",
        "  1.1.0        archived       2024-06-15T02:10:00Z          auc=0.880, f1=0.850, accuracy=0.930",
        "",
      ].join("\n"),
    );
  });

  it("compare prints both versions' metrics and the difference, in either way of naming the two", async () => {
    await using space = await openModels();
    const expected = [
      "  Comparing fraud_detection/FraudRiskModel: 1.2.0 vs 1.3.0",
      "",
      "  Metric               v1.2.0             v1.3.0             Delta",
      "  -------------------- ------------------ ------------------ ----------",
      "  accuracy             0.9400             0.9500             +0.0100",
      "  auc                  0.9100             0.9300             +0.0200",
      "  f1                   0.8700             0.8800             +0.0100",
      "",
    ].join("\n");

    const together = await space.strata("models", "compare", ...MODEL, "--versions", "1.2.0", "1.3.0");
    const apart = await space.strata("models", "compare", ...MODEL, "--versions", "1.2.0", "--versions", "1.3.0");

    expect([together.stdout, apart.stdout]).toEqual([expected, expected]);
    const { json } = await space.strata("models", "compare", ...MODEL, "--versions", "1.2.0", "1.3.0", "--json");
    expect(json.metrics.auc).toEqual({ a: 0.91, b: 0.93, delta: 0.02 });
    expect((await space.strata("models", "compare", ...MODEL, "--versions", "1.2.0")).code).toBe(2);
  });

  it("colours stages on a terminal, and nowhere where NO_COLOR is set", async () => {
    await using space = await openModels();
    const shown = space.terminal(["models", "list", ...MODEL]);
    if (shown === undefined) return console.log("no terminal can be made here");

    expect(shown.output).toContain("\u001b[32mproduction");
    expect(shown.output).toContain("\u001b[33mstaging");
    expect(space.terminal(["models", "list", ...MODEL], { env: { NO_COLOR: "1" } })?.output).not.toContain("\u001b[3");
  });

  it("info prints everything that is known of a version as JSON", async () => {
    await using space = await openModels();

    const { json } = await space.strata("models", "info", ...MODEL, "-v", "1.1.0");

    expect(json).toMatchObject({
      model_name: "FraudRiskModel",
      use_case: "fraud_detection",
      version: "1.1.0",
      stage: "archived",
      lineage_run_id: "run-1.1.0",
      metrics: { auc: 0.88 },
    });
    expect(json.archived_at).toMatch(/^\d{4}-/);
    expect(json.fingerprints.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(json.transitions.map(({ kind }: { kind: string }) => kind)).toEqual(["archive", "promote", "register"]);
  });

  it("promote says what it did, obeys stored gates, and passes over them only with a reason", async () => {
    await using space = await openModels();
    const promote = (...more: string[]) => space.strata("models", "promote", ...MODEL, "-v", "1.2.0", ...more);
    await space.strata("models", "gates", ...MODEL, "--set", '{"min_auc": 0.92, "min_f1": 0.8}');

    const blocked = await promote("--to", "production");
    const rehearsed = await promote("--to", "production", "--dry-run");
    const bare = await promote("--to", "production", "--force");
    const forced = await promote("--to", "production", "--force", "--reason", "outage", "--by", "bo");

    expect([blocked.code, rehearsed.code, bare.code, forced.code]).toEqual([1, 1, 1, 0]);
    expect(blocked.stderr).toContain("min_auc");
    expect(blocked.stderr).not.toContain("min_f1");
    expect(rehearsed.stdout).toBe("  failed  min_auc  auc 0.91 < 0.92\n  passed  min_f1   f1 0.87 >= 0.8\n");
    expect(forced.stdout.split("\n")[0]).toBe("[OK] fraud_detection/FraudRiskModel v1.2.0 → production");
    expect(forced.stderr).toContain("without checking min_auc, min_f1");
    const audit = await space.strata("audit", "--json", "--status", "forced");
    expect(JSON.stringify(audit.json)).toContain("outage");
    const { json } = await space.strata("models", "info", ...MODEL, "-v", "1.2.0");
    expect(json.metadata).toEqual({ promotion_forced: true, promotion_gates_skipped: ["min_auc", "min_f1"] });
  });

  it("demote, rollback, archive and restore lead where they may, and say so", async () => {
    await using space = await openModels();
    const models = async (verb: string, ...more: string[]) => {
      const { code, stdout, stderr } = await space.strata("models", verb, ...MODEL, ...more);
      return [code, stdout.split("\n")[0] || stderr.split("\n")[0]];
    };
    const name = "fraud_detection/FraudRiskModel";

    expect(await models("rollback", "--reason", "errors")).toEqual([0, `[OK] ${name} production is now v1.1.0`]);
    expect(await models("demote", "-v", "1.1.0", "--to", "staging")).toEqual([0, `[OK] ${name} v1.1.0 → staging`]);
    expect((await models("demote", "-v", "1.1.0", "--to", "production"))[0]).toBe(1);
    expect(await models("archive", "-v", "1.1.0")).toEqual([0, `[OK] ${name} v1.1.0 → archived`]);
    expect(await models("restore", "-v", "1.1.0")).toEqual([0, `[OK] ${name} v1.1.0 → development`]);
    expect(await models("promote", "-v", "@latest", "--to", "production")).toEqual([
      1,
      "error: a version in archived cannot be promoted to production: promoting goes up: development, staging, production (INVALID_TRANSITION)",
    ]);
  });

  it.each([
    [["list"], 2, "--model is missing"],
    [["list", "-m", "none"], 1, "there is no model"],
    [["list", "-m", "../x"], 1, "cannot be that"],
    [["list", "-u", "a", "-n", "b", "-m", "x"], 2, "said twice"],
    [["info", "-m", "x"], 2, "--version is missing"],
    [["promote", "-m", "x", "-v", "1.0.0"], 2, "--to is missing"],
    [["promote", ...MODEL, "-v", "1.2.0", "--to", "live"], 1, "Choose: staging, production."],
    [["demote", ...MODEL, "-v", "1.2.0", "--to", "live"], 1, "Choose: development, staging, archived."],
    [["promote", ...MODEL, "-v", "1.2.0", "--to", "prod"], 1, "is an environment"],
    [["promote", ...MODEL, "-v", "9.9.9", "--to", "staging"], 1, "one of 1.3.0, 1.2.0, 1.1.0"],
    [["gates", ...MODEL, "--set", '{"mim_auc": 1}'], 1, "Did you mean 'min_auc'?"],
    [["register", "none.bin", ...MODEL], 1, "nothing to register"],
    [["register", ...MODEL], 2, "say in one way"],
    [["register", "1.1.0.bin", ...MODEL, "-v", "1.1.0"], 1, "VERSION_EXISTS"],
    [["register", "1.1.0.bin", "-m", "x".repeat(256)], 1, "cannot be that"],
    [["register", "1.1.0.bin", ...MODEL, "--metric", "auc=NaN"], 2, "takes numbers"],
    [["register", "1.1.0.bin", ...MODEL, "--metric", "auc=1", "--metric", "auc=2"], 2, "each name once"],
    [["info", ...MODEL, "-v", "1.2.0", "-v", "1.3.0"], 2, "--version is given twice"],
    [["delete", ...MODEL, "-v", "1.3.0"], 1, "a version in production is not deleted"],
    [["delete", ...MODEL, "-v", "1.3.0", "--force"], 2, "needs a reason"],
    [["list", ...MODEL, "-s", "mongodb://x"], 2, "no store of that kind"],
    [["lst"], 2, "Did you mean: strata models list?"],
  ])("%j ends with %i and says '%s'", async (args, code, sentence) => {
    await using space = await shared();

    const answer = await space.run(["models", ...args]);
    const json = await space.run(["models", ...args, "--json"]);

    expect(answer.stderr).toContain(sentence);
    expect([answer.code, json.code]).toEqual([code, code]);
    expect(json.json.error.code).toMatch(/^[A-Z_]+$/);
  });

  it("search, alias, label, annotate, download and delete do what they say", async () => {
    await using space = await openModels();
    const json = async (...args: string[]) => (await space.strata("models", ...args, "--json")).json;

    await space.strata("models", "alias", "champion", ...MODEL, "-v", "1.2.0", "--reason", "calm");
    await space.strata("models", "label", "owner=ana", "tier=1", ...MODEL, "-v", "@champion");
    await space.strata("models", "annotate", "checked by hand", ...MODEL, "-v", "1.2.0", "--by", "bo");
    const found = await json("search", "--label", "owner=ana", "--metric", "auc>=0.9", "-v", "^1.2.0");
    const aliases = await json("alias", ...MODEL);
    const info = await json("info", ...MODEL, "-v", "@champion");
    const downloaded = await json("download", "out", ...MODEL, "-v", "@champion");
    const removed = await json("delete", ...MODEL, "-v", "1.1.0", "--reason", "old");
    const listed = await json("list", ...MODEL);

    expect(found.versions.map(({ version }: { version: string }) => version)).toEqual(["1.2.0"]);
    expect(aliases.aliases).toMatchObject([{ alias: "champion", version: "1.2.0", reason: "calm" }]);
    expect(info).toMatchObject({ aliases: ["champion"], labels: { owner: "ana", tier: "1" } });
    expect(info.annotations).toMatchObject([{ author: "bo", text: "checked by hand" }]);
    expect(downloaded.folder).toBe(space.path("out"));
    expect(space.list("out").map((file) => space.read(`out/${file}`))).toEqual(["1.2.0"]);
    expect(removed.deleted).toMatchObject({ why: "old" });
    expect(listed.versions.map(({ version }: { version: string }) => version)).toEqual(["1.3.0", "1.2.0"]);
  });

  it("--store takes a folder and URLs of both kinds, and --usecase is --use-case", async () => {
    await using space = await openModels();
    const places = [".", ".strata", "file:.strata", `file://${space.path(".strata")}`, "sqlite:.strata/strata.db"];

    for (const place of places) {
      const args = ["models", "list", "--usecase", "fraud_detection", "-m", "FraudRiskModel", "-s", place, "--json"];
      expect((await space.run(args)).json.versions, place).toHaveLength(3);
    }
    const elsewhere = await space.strata("models", "register", "1.1.0.bin", "-m", "other", "-s", "elsewhere");
    expect(elsewhere.code).toBe(0);
    expect(space.has("elsewhere/strata.db")).toBe(true);
  });

  it("help shows the flags that every verb has", async () => {
    await using space = await openSpace({ installed: false });
    const { stdout } = await space.strata("models", "list", "--help");

    for (const flag of ["-u, --use-case", "--usecase", "-n, --namespace", "-m, --model", "-s, --store", "--json"]) {
      expect(stdout).toContain(flag);
    }
  });
});

describe("what is too much or nothing", () => {
  const many = (count: number, name: string): [string, string][] =>
    Array.from({ length: count }, (_, n) => [`${name}${n}`, "1"]);
  const flags = (option: string, pairs: readonly [string, string][]): string[] => [
    option,
    ...pairs.map((pair) => pair.join("=")),
  ];

  // One table for both ways in: the same limits, the same code, the same place.
  it.each([
    ["a name of 256", { name: "x".repeat(256) }, ["-m", "x".repeat(256)]],
    ["a name that leads out", { name: "../x" }, ["-m", "../x"]],
    [
      "101 labels",
      { name: "m", labels: Object.fromEntries(many(101, "l")) },
      ["-m", "m", ...flags("--label", many(101, "l"))],
    ],
    [
      "1,001 hyperparameters",
      { name: "m", hyperparameters: Object.fromEntries(many(1001, "p").map(([name]) => [name, 1])) },
      ["-m", "m", ...flags("--param", many(1001, "p"))],
    ],
    ["a version that is none", { name: "m", version: "one" }, ["-m", "m", "-v", "one"]],
    [
      "10,001 characters",
      { name: "m", description: "x".repeat(10_001) },
      ["-m", "m", "--description", "x".repeat(10_001)],
    ],
    ["a gate that is none", { name: "m", gates: { mim_auc: 1 } }, ["-m", "m", "--gates", '{"mim_auc": 1}']],
  ] as const)("is refused in the same words here and by the library: %s", async (_what, fields, args) => {
    await using space = await openSpace({ installed: false });
    space.write({ "m.bin": "m" });
    await using library = await openRegistry();

    const error: any = await library.registry
      .register({ ...fields, artifact: space.path("m.bin") })
      .catch((thrown: unknown) => thrown);
    const { json, code } = await space.run(["models", "register", "m.bin", ...args, "--json"]);

    expect(code).toBe(1);
    const { what, where, expected } = error;
    expect(json.error).toMatchObject(JSON.parse(JSON.stringify({ code: error.code, where, expected })));
    expect(json.error.message).toContain(what);
  });
});

let once: Promise<Space> | undefined;
afterAll(async () => (await once)?.[Symbol.asyncDispose]());

/** What only asks and is refused changes nothing, so one space is enough. */
async function shared(): Promise<Space & AsyncDisposable> {
  const space = await (once ??= openModels());
  return Object.assign(Object.create(space) as Space, { [Symbol.asyncDispose]: async () => undefined });
}
