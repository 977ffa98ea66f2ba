// Codecs, and that the registry needs no machine learning library for them.

import { readFileSync, readdirSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fileCodec, jsonCodec, type ModelCodec, type Trainable } from "../../../src/registry/codec.ts";
import { memoryStore } from "../../../src/registry/store/memory-store.ts";
import { failureOf, Folder } from "../../support/folder.ts";
import { fc } from "../../support/random.ts";

/** y = slope * x + intercept, by least squares. */
class Line {
  readonly slope: number;
  readonly intercept: number;
  readonly metrics: Readonly<Record<string, number>>;

  constructor(slope: number, intercept: number, metrics: Readonly<Record<string, number>>) {
    this.slope = slope;
    this.intercept = intercept;
    this.metrics = metrics;
  }

  predict(x: readonly number[]): number[] {
    return x.map((one) => this.slope * one + this.intercept);
  }
}

const leastSquares: Trainable<number, number> = {
  async train(x, y) {
    const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
    const [meanX, meanY] = [mean(x), mean(y)];
    const covariance = x.reduce((sum, one, i) => sum + (one - meanX) * (y[i]! - meanY), 0);
    const slope = covariance / x.reduce((sum, one) => sum + (one - meanX) ** 2, 0);
    const intercept = meanY - slope * meanX;
    const error = x.reduce((sum, one, i) => sum + (slope * one + intercept - y[i]!) ** 2, 0);
    return new Line(slope, intercept, { mse: error / x.length });
  },
};

const lineCodec: ModelCodec<Line> = {
  name: "line",
  save: (line, folder) => writeFile(join(folder, "line.txt"), `${line.slope} ${line.intercept}`),
  async load(folder) {
    const [slope, intercept] = (await readFile(join(folder, "line.txt"), "utf8")).split(" ").map(Number);
    return new Line(slope!, intercept!, {});
  },
  metadata: () => ({ library: "none", params: { method: "least squares" } }),
};

describe("a hand-written linear model", () => {
  it("predicts the same to 1e-12 after it was stored and loaded", async () => {
    const store = memoryStore();
    const x = [0.1, 1, 2, 3.5, 7, 11];
    const trained = (await leastSquares.train(
      x,
      x.map((one) => 3 * one - 0.7),
    )) as Line;

    const artifact = await store.put({ fill: (folder, signal) => lineCodec.save(trained, folder, signal) });
    await using view = await store.open(artifact);
    const loaded = await lineCodec.load(view.path);

    const [before, after] = [trained.predict([5, -1e6]), loaded.predict([5, -1e6])];
    for (const [i, value] of before.entries()) expect(Math.abs(after[i]! - value)).toBeLessThan(1e-12);
    expect(trained.slope).toBeCloseTo(3);
  });
});

describe("jsonCodec", () => {
  const codec = jsonCodec(z.object({ weights: z.array(z.number()), bias: z.number().nullable() }));

  it("brings every finite number back exactly", async () => {
    using folder = new Folder();
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => !Object.is(one, -0));
    await fc.assert(
      fc.asyncProperty(fc.array(number), async (weights) => {
        await codec.save({ weights, bias: null }, folder.path);
        expect(await codec.load(folder.path)).toEqual({ weights, bias: null });
      }),
    );
  });

  it("refuses what does not fit its schema, when saved and when loaded", async () => {
    using folder = new Folder();
    const wrong = { weights: ["1"], bias: 0 } as unknown as { weights: number[]; bias: number };

    expect(await failureOf(() => codec.save(wrong, folder.path))).toMatchObject({ code: "VALIDATION_FAILED" });
    folder.write("model.json", '{"weights":[1]}');
    expect(await failureOf(() => codec.load(folder.path))).toMatchObject({ code: "ARTIFACT_CORRUPTED" });
    folder.write("model.json", "{");
    expect(await failureOf(() => codec.load(folder.path))).toMatchObject({ code: "ARTIFACT_CORRUPTED" });
  });

  it("refuses a value that JSON would lose in silence", async () => {
    using folder = new Folder();
    const dated = jsonCodec(z.object({ at: z.date() }));

    const error = await failureOf(() => dated.save({ at: new Date(0) }, folder.path));

    expect(error).toMatchObject({ code: "VALIDATION_FAILED" });
    expect(folder.files()).toEqual([]);
  });

  it("says that there is no such file where another codec saved", async () => {
    using folder = new Folder();
    await fileCodec("model.onnx").save(Buffer.from("x"), folder.path);

    expect(await failureOf(() => codec.load(folder.path))).toMatchObject({ code: "ARTIFACT_NOT_FOUND" });
  });
});

describe("fileCodec", () => {
  it("keeps bytes in a file of the name it was given", async () => {
    using folder = new Folder();
    const codec = fileCodec("model.onnx");
    await mkdir(folder.at("out"));

    await codec.save(Uint8Array.of(1, 2, 0), folder.at("out"));

    expect(folder.files("out")).toEqual(["out/model.onnx"]);
    expect([...(await codec.load(folder.at("out")))]).toEqual([1, 2, 0]);
  });

  it("takes no name that leads elsewhere", () => {
    for (const name of ["../x", "a/b", "", ".", ".."]) expect(() => fileCodec(name)).toThrow("not a file's name");
  });
});

describe("the package", () => {
  it("mentions no machine learning library in any import, and depends on none", () => {
    const root = join(import.meta.dirname, "../../..");
    const libraries = /^(onnxruntime|@tensorflow|ml-|@xenova|@huggingface|brain\.js|sklearn|mathjs|xgboost)/;
    const specifiers = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) =>
        [...readFileSync(join(root, "src", file), "utf8").matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(
          ([, one]) => one!,
        ),
      );
    const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
      readFileSync(join(root, "package.json"), "utf8"),
    );

    expect(specifiers.length).toBeGreaterThan(100);
    expect(specifiers.filter((one) => libraries.test(one))).toEqual([]);
    const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
    expect(declared.filter((one) => libraries.test(one))).toEqual([]);
  });
});
