// The plugins a project has: found, loaded when asked for, and told apart when they are broken.

import { describe, expect, it } from "vitest";
import { definePlugins } from "../../../src/plugins/define.ts";
import { clearPluginCache, openPlugins } from "../../../src/plugins/shelf.ts";
import { Folder } from "../../support/folder.ts";

const context = { root: "/project", home: "/project/.strata" };

const lineage = `{ record: async () => {}, getRun: async () => {}, search: async () => {}, compact: async () => {} }`;

/** A project with packages in its node_modules; `direct` ones are in its package.json. */
function project(
  packages: Readonly<Record<string, { readonly plugins: unknown; readonly files?: Readonly<Record<string, string>> }>>,
  direct: readonly string[] = Object.keys(packages),
): Folder {
  const folder = new Folder();
  folder.write("package.json", JSON.stringify({ dependencies: Object.fromEntries(direct.map((name) => [name, "*"])) }));
  for (const [name, { plugins, files = {} }] of Object.entries(packages)) {
    const manifest = { name, type: "module", exports: {}, stratigraph: { plugins } };
    folder.write(`node_modules/${name}/package.json`, JSON.stringify(manifest));
    for (const [file, text] of Object.entries(files)) folder.write(`node_modules/${name}/${file}`, text);
  }
  return folder;
}

const acme = {
  plugins: { "lineage-backends": { acme: "./lineage.js#Acme" } },
  files: { "lineage.js": `export const Acme = () => (${lineage});` },
};

describe("the plugins there are", () => {
  it("are those of this package where a project has none", async () => {
    using folder = new Folder();
    const shelf = await openPlugins({ folder: folder.path });
    const names = (group: Parameters<typeof shelf.list>[0]): readonly string[] =>
      shelf.list(group).map(({ name }) => name);

    expect(names("lineage-backends")).toEqual(["filesystem"]);
    expect(names("backends")).toEqual(["file", "memory", "sqlite"]);
    expect(names("artifact-stores")).toEqual(["file", "memory"]);
    expect(shelf.list().every(({ from }) => from === "stratigraph")).toBe(true);
    for (const entry of shelf.list()) expect(typeof (await entry.load())).toBe("function");
  });

  it("are found in direct dependencies only", async () => {
    using folder = project(
      { acme, deeper: { ...acme, plugins: { "lineage-backends": { deeper: "./lineage.js#Acme" } } } },
      ["acme", "not-installed"],
    );
    const shelf = await openPlugins({ folder: folder.path });

    expect(shelf.list("lineage-backends").map(({ name, from }) => [name, from])).toEqual([
      ["acme", "acme"],
      ["filesystem", "stratigraph"],
    ]);
    expect(shelf.warnings).toEqual([]);
  });

  it("are those of the configuration as well, given as declarations, modules or promises of them", async () => {
    using folder = new Folder();
    const gates = definePlugins({ gates: { has_owner: ({ metadata }) => "owner" in metadata || "nobody owns it" } });
    const hooks = { hooks: { watch: () => undefined } };
    const shelf = await openPlugins({
      folder: folder.path,
      plugins: [gates, Promise.resolve({ default: hooks }), { plugins: { gates: { always: () => true } } }],
    });

    expect(shelf.list("gates").map(({ name, from }) => [name, from])).toEqual([
      ["always", "strata.config"],
      ["has_owner", "strata.config"],
    ]);
    expect(shelf.has("hooks", "watch")).toBe(true);
    expect((await shelf.loadAll("gates", context)).loaded.size).toBe(2);
  });

  it("of the configuration win over those of packages, and nothing takes a name of this package's", async () => {
    using folder = project({
      acme: {
        ...acme,
        plugins: { "lineage-backends": { acme: "./lineage.js#Acme", filesystem: "./lineage.js#Acme" } },
      },
    });
    const own = { record: async () => {}, getRun: async () => {}, search: async () => {}, compact: async () => {} };
    const shelf = await openPlugins({ folder: folder.path, plugins: [{ "lineage-backends": { acme: own } }] });

    expect(await shelf.load("lineage-backends", "acme", context)).toBe(own);
    expect(shelf.list("lineage-backends").find(({ name }) => name === "filesystem")?.from).toBe("stratigraph");
    expect(shelf.warnings).toEqual([
      "lineage-backends, 'filesystem' of acme is not used: stratigraph has one of that name",
    ]);
  });

  it("are refused where they are not named by group", async () => {
    using folder = new Folder();
    const open = (plugins: readonly unknown[]): Promise<unknown> => openPlugins({ folder: folder.path, plugins });

    await expect(open([7])).rejects.toMatchObject({ code: "CONFIG_INVALID", where: "strata.config, 'plugins[0]'" });
    await expect(open([{ "lineage-backend": {} }])).rejects.toMatchObject({ hint: "Did you mean 'lineage-backends'?" });
    await expect(open([{ gates: 7 }])).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});

describe("a plugin", () => {
  it("is a class, a function that makes one, or the thing itself", async () => {
    using folder = new Folder();
    class Lineage {
      readonly root: string;
      constructor({ root }: { root: string }) {
        this.root = root;
      }
      async record(): Promise<void> {}
      async getRun(): Promise<never> {
        throw new Error();
      }
      async search(): Promise<never> {
        throw new Error();
      }
      async compact(): Promise<{ before: number; after: number }> {
        return { before: 0, after: 0 };
      }
    }
    const made = new Lineage({ root: "made" });
    const plugins = [
      definePlugins({
        "lineage-backends": { class: Lineage, function: async ({ root }) => new Lineage({ root }), object: made },
      }),
    ];
    const shelf = await openPlugins({ folder: folder.path, plugins });

    expect(await shelf.load("lineage-backends", "class", context)).toMatchObject({ root: "/project" });
    expect(await shelf.load("lineage-backends", "function", context)).toMatchObject({ root: "/project" });
    expect(await shelf.load("lineage-backends", "object", context)).toBe(made);
  });

  it("nobody has is PLUGIN_NOT_FOUND, which names those there are and the nearest", async () => {
    using folder = project({ acme });
    const shelf = await openPlugins({ folder: folder.path });

    await expect(shelf.load("lineage-backends", "acmee", context)).rejects.toMatchObject({
      code: "PLUGIN_NOT_FOUND",
      expected: "'acme', 'filesystem'",
      hint: "Did you mean 'acme'?",
      data: { available: ["acme", "filesystem"] },
    });
  });

  it("is loaded when it is asked for, and once until the cache is cleared", async () => {
    const counted = `globalThis.loads = (globalThis.loads ?? 0) + 1; export const Acme = () => (${lineage});`;
    using folder = project({ acme: { ...acme, files: { "lineage.js": counted } } });
    const loads = (): unknown => (globalThis as { loads?: number }).loads;
    const shelf = await openPlugins({ folder: folder.path });
    expect(loads()).toBe(undefined);

    await shelf.load("lineage-backends", "acme", context);
    await (await openPlugins({ folder: folder.path })).load("lineage-backends", "acme", context);
    expect(loads()).toBe(1);

    clearPluginCache();
    await shelf.load("lineage-backends", "acme", context);
    expect(loads()).toBe(2);
  });

  it("that is broken leaves the others alone", async () => {
    const gate = "export const gate = () => true;";
    using folder = project({
      throws: { plugins: { gates: { throws: "./gate.js#gate" } }, files: { "gate.js": "throw new Error('boom');" } },
      lacks: { plugins: { gates: { lacks: "./gate.js#other" } }, files: { "gate.js": gate } },
      missing: { plugins: { gates: { missing: "./nowhere.js#gate" } } },
      wrong: { plugins: { gates: { wrong: "./gate.js#gate" } }, files: { "gate.js": "export const gate = 7;" } },
      works: { plugins: { gates: { works: "./gate.js#gate" } }, files: { "gate.js": gate } },
    });
    const shelf = await openPlugins({ folder: folder.path });
    const { loaded, warnings } = await shelf.loadAll("gates", context);

    expect([...loaded.keys()]).toEqual(["works"]);
    expect(warnings).toHaveLength(4);
    expect(warnings.join("\n")).toMatch(/does not export 'other'[\s\S]*nowhere\.js[\s\S]*boom[\s\S]*not a function/);
    await expect(shelf.load("gates", "throws", context)).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      cause: { message: "boom" },
    });
  });

  it("whose class throws is PLUGIN_INVALID, but a refusal of ours keeps its code", async () => {
    using folder = new Folder();
    const { StratigraphError } = await import("../../../src/errors.ts");
    const throwing = (error: Error) => () => {
      throw error;
    };
    const plugins = [
      {
        "auth-backends": {
          broken: throwing(new Error("x")),
          refused: throwing(new StratigraphError("AUTH_FAILED", "no token")),
        },
      },
    ];
    const shelf = await openPlugins({ folder: folder.path, plugins });

    await expect(shelf.load("auth-backends", "broken", context)).rejects.toMatchObject({ code: "PLUGIN_INVALID" });
    await expect(shelf.load("auth-backends", "refused", context)).rejects.toMatchObject({ code: "AUTH_FAILED" });
  });

  it("declared wrongly is a sentence, and the others are found all the same", async () => {
    using folder = project({
      acme,
      escapes: { plugins: { gates: { out: "../acme/lineage.js#Acme", empty: "", number: 7 } } },
      unknown: { plugins: { "lineage-backend": { x: "./x.js" } } },
      list: { plugins: ["x"] },
    });
    folder.write("node_modules/unknown/package.json", "{ no json");
    const shelf = await openPlugins({ folder: folder.path });

    expect(shelf.has("lineage-backends", "acme")).toBe(true);
    expect(shelf.warnings.map((text) => text.replace(folder.path, ""))).toEqual([
      ...["out", "empty", "number"].map(
        (name) => `package 'escapes': 'gates', '${name}' is not like "./dist/lineage.js#AcmeLineage"`,
      ),
      "package 'list': 'stratigraph.plugins' is not an object",
      "/node_modules/unknown/package.json is no JSON",
    ]);
  });
});
