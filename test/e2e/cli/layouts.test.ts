// Moving models: strata export, import, reindex.

import { describe, expect, it } from "vitest";
import { openSpace, type Space } from "../../support/space.ts";

async function openModels(): Promise<Space> {
  const space = await openSpace();
  space.write({ "model.onnx": "weights", "better.onnx": "better weights" });
  await space.strata("init");
  const register = ["models", "register"] as const;
  await space.strata(...register, "model.onnx", "-m", "team/churn", "--metric", "auc=0.8");
  await space.strata(...register, "better.onnx", "-m", "team/churn", "--metric", "auc=0.9");
  await space.strata("models", "promote", "-m", "team/churn", "-v", "1.0.1", "--to", "production");
  return space;
}

describe("strata export and import", () => {
  it.each(["native", "ubunye", "tauro"])("move models from one project to another in layout %s", async (layout) => {
    await using space = await openModels();
    space.write({ "other/strata.config.ts": "export default {};\n" });

    const exported = await space.strata("export", "out", "--layout", layout);
    const imported = await space.run(["import", "../out"], { cwd: "other" });
    const again = await space.run(["import", "../out", "--json"], { cwd: "other" });
    const list = await space.run(["models", "list", "-m", "team/churn", "--json"], { cwd: "other" });

    expect(exported).toMatchObject({ code: 0, stdout: `[OK] 1 model in out, layout ${layout}\n` });
    expect(imported).toMatchObject({ code: 0, stdout: "[OK] team/churn: 2 versions\n" });
    expect(again.json).toMatchObject({ layout, models: [{ imported: [], skipped: ["1.0.0", "1.0.1"] }] });
    expect(list.json.versions.map((one: any) => [one.version, one.sequence, one.stage, one.metrics])).toEqual([
      ["1.0.1", 2, "production", { auc: 0.9 }],
      ["1.0.0", 1, "development", { auc: 0.8 }],
    ]);
    const download = await space.run(["models", "download", "got", "-m", "team/churn", "-v", "1.0.1"], {
      cwd: "other",
    });
    expect(download.code).toBe(0);
    expect(space.read("other/got/better.onnx")).toBe("better weights");
  });

  it("refuse a layout nobody knows, a folder that is not empty, and one without models", async () => {
    await using space = await openModels();
    space.write({ "full/mine.txt": "mine" });

    const layout = await space.strata("export", "out", "--layout", "mlflow");
    const full = await space.strata("export", "full");
    const none = await space.strata("import", "full");

    expect(layout.code).toBe(2);
    expect(layout.stderr).toContain("native, ubunye, tauro");
    expect(full.code).toBe(1);
    expect(full.stderr).toContain("into an empty folder only");
    expect(none.code).toBe(1);
    expect(none.stderr).toContain("there are no models in this folder");
    expect(space.list("full")).toEqual(["mine.txt"]);
  });
});

describe("strata reindex", () => {
  it("brings back what was lost, and then has nothing to do", async () => {
    await using space = await openModels();
    await space.strata("export", "out", "--layout", "tauro");
    const before = space.list("out");
    space.remove("out/model_registry/models/index.parquet");

    const lost = await space.strata("reindex", "out", "--json");
    const again = await space.strata("reindex", "out");

    expect(lost.json).toEqual({
      layout: "tauro",
      folder: space.path("out"),
      written: ["model_registry/models/index.parquet"],
      removed: [],
    });
    expect(again.stdout).toBe("[OK] out, layout tauro: nothing to change\n");
    expect(space.list("out")).toEqual(before);
  });
});
