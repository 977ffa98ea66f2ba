// Commands about models and runs work as the project's settings say, like an instance in a program does.

import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { effectOf } from "../../support/effect.ts";
import { FallbackJournal } from "../../../src/journal/fallback-journal.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { intent } from "../../support/intents.ts";
import { openSpace } from "../../support/space.ts";
import { openSpend } from "./spend.ts";

const config = `
import { definePlugins } from "stratigraph";

export default {
  actor: "ana",
  path: "state",
  registry: {
    namespace: "team",
    store: "bytes",
    initialStage: "staging",
    gates: { min_auc: 0.9, require_has_owner: true },
    projections: ["ubunye"],
  },
  metadata: { home: "journal" },
  plugins: [
    definePlugins({
      gates: { require_has_owner: ({ metadata }) => "owner" in metadata || "nobody owns it" },
      hooks: {
        quiet: (hooks) =>
          hooks.pre("model.alias", () => {
            throw new Error("no names here");
          }),
      },
    }),
  ],
};
`;

it("a command decides, acts and keeps its bytes as strata.config.ts says, gates and hooks of plugins included", async () => {
  await using space = await openSpace();
  space.write({ "strata.config.ts": config, "line.json": "{}" });

  const registered = await space.strata("models", "register", "line.json", "-m", "demand", "--metric", "auc=0.8");
  const blocked = await space.strata("models", "promote", "-m", "demand", "-v", "1.0.0", "--to", "production");
  const refused = await space.strata("models", "alias", "champion", "-m", "demand", "-v", "1.0.0");
  const { json } = await space.strata("audit", "--json");

  expect(registered.stdout).toContain("team/demand v1.0.0 registered in staging");
  expect(blocked).toMatchObject({ code: 1 });
  expect(blocked.stderr).toContain("min_auc");
  expect(blocked.stderr).toContain("nobody owns it");
  expect(refused.stderr).toContain("no names here");
  expect(json.rows.map(({ action, status, actor }: Record<string, string>) => [action, status, actor])).toEqual([
    ["model.alias", "denied", "ana"],
    ["model.promote", "denied", "ana"],
    ["model.register", "done", "ana"],
  ]);
  expect(space.list("bytes")).not.toEqual([]);
  expect(existsSync(space.path("state", "registry"))).toBe(false);
  expect(space.list("state/projections/ubunye").some((file) => file.includes("demand"))).toBe(true);
});

it("sync looks for the journal where metadata.home says, and acts as the actor", async () => {
  await using space = await openSpace();
  space.write({ "strata.config.ts": `export default { actor: "ana", metadata: { home: "elsewhere" } };` });
  const journal = new FallbackJournal({ home: space.path("elsewhere"), clock: systemClock });
  const data = { events: [], audit: [{ action: "test.tell", resource: "a", data: {} }] };
  await journal.append([
    { intent: intent("a", { journal: "audit", action: "facts.record", data }), error: new Error("down") },
  ]);

  const answer = await space.strata("sync");
  const { json } = await space.strata("events", "--type", "sync.*", "--json");

  expect(answer).toMatchObject({ code: 0, stdout: "1 record delivered (1 in all)\n" });
  expect(json.events).toMatchObject([{ type: "sync.finished", actor: "ana" }]);
});

it("where nothing is kept, a change is refused in one sentence and nothing is made", async () => {
  await using space = await openSpace();
  space.write({ "strata.config.ts": `export default { enabled: false };`, "line.json": "{}" });

  const { code, stderr } = await space.strata("models", "register", "line.json", "-m", "demand");

  expect(code).toBe(1);
  expect(stderr).toContain("nothing about models and runs is kept here");
  expect(existsSync(space.path(".strata"))).toBe(false);
});

effectOf("lineage.openLineage", "the events of a build are appended to that file, unless lineage is off", async () => {
  await using space = await openSpend();
  const built = async (settings: string): Promise<readonly string[]> => {
    space.write({ "strata.config.ts": `export default { graph: "spend.ts", lineage: { ${settings} } };` });
    await space.strata("build", "--force");
    if (!space.has("events.ndjson")) return [];
    const lines = space.read("events.ndjson").trim().split("\n");
    return lines.map((line) => (JSON.parse(line) as { readonly eventType: string }).eventType);
  };

  expect(await built("")).toEqual([]);
  expect(await built(`enabled: false, openLineage: "events.ndjson"`)).toEqual([]);
  const events = await built(`openLineage: "events.ndjson"`);
  expect(events[0]).toBe("START");
  expect(events.at(-1)).toBe("COMPLETE");
  expect(await built(`openLineage: "events.ndjson"`)).toHaveLength(2 * events.length);
});

it("a file of events that cannot be written is a warning, and the build is done", async () => {
  await using space = await openSpend();
  space.write({
    "strata.config.ts": `export default { graph: "spend.ts", lineage: { openLineage: "spend.ts/events" } };`,
  });

  const { code, stderr } = await space.strata("build");

  expect(code).toBe(0);
  expect(stderr.match(/OpenLineage events cannot be written/g)).toHaveLength(1);
});

it("a registry that a plugin brings is the one that commands work with, and a name nobody has is one sentence", async () => {
  await using space = await openSpace();
  const config = (name: string): string => `
import { definePlugins } from "stratigraph";
import { appendFileSync } from "node:fs";

const no = async () => { throw new Error("not asked for"); };
const acme = {
  register: async ({ namespace, name, metrics }) => {
    appendFileSync("acme.txt", \`\${namespace}/\${name}\\n\`);
    const at = "2026-01-02T00:00:00Z";
    return { namespace, name, version: "7.0.0", sequence: 7, stage: "development", createdAt: at, engineVersion: "acme", metrics, metadata: {} };
  },
  get: no, listVersions: no, promote: no, demote: no, delete: no,
};
export default { registry: { backend: "${name}" }, plugins: [definePlugins({ "registry-backends": { acme: () => acme } })] };
`;
  space.write({ "strata.config.ts": config("acme"), "line.json": "{}" });

  const registered = await space.strata("models", "register", "line.json", "-m", "team/churn");
  const lacking = await space.strata("models", "gates", "-m", "team/churn");
  space.write({ "strata.config.ts": config("acmee") });
  const unknown = await space.strata("models", "list", "-m", "team/churn");

  expect(registered.stdout).toContain("team/churn v7.0.0 registered in development");
  expect(space.read("acme.txt")).toBe("team/churn\n");
  expect(space.list(".strata/registry")).toEqual([]);
  expect(lacking).toMatchObject({ code: 1 });
  expect(lacking.stderr).toContain("the registry 'acme' cannot show gates");
  expect(unknown).toMatchObject({ code: 1 });
  expect(unknown.stderr).toContain("strata.config.ts says so");
  expect(unknown.stderr).toContain("Did you mean 'acme'?");
});
