// Whose instance code works with where nobody hands it one.

import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createAmbient, type Ambient } from "../../../src/mlops/ambient.ts";

interface Instance {
  readonly name: string;
}

const open = (): Ambient<Instance> => createAmbient<Instance>("MLOps instance", "Make one: await initMLOps().");

describe("the current instance", () => {
  it("is that of the scope around the code, also of two scopes at once", async () => {
    const ambient = open();
    const seen: string[] = [];
    const work = async (name: string): Promise<void> => {
      for (let n = 0; n < 3; n++) {
        seen.push(`${name} ${ambient.get().name}`);
        await setTimeout(1);
      }
    };

    await Promise.all(["a", "b"].map((name) => ambient.within({ name }, () => work(name))));

    expect(seen.toSorted()).toEqual([...Array(3).fill("a a"), ...Array(3).fill("b b")]);
    expect(ambient.find()).toBe(undefined);
  });

  it("of an inner scope hides that of the outer one, for as long as it lasts", () => {
    const ambient = open();
    const names = ambient.within({ name: "outer" }, () => {
      const inner = ambient.within({ name: "inner" }, () => ambient.get().name);
      return [inner, ambient.get().name];
    });

    expect(names).toEqual(["inner", "outer"]);
  });

  it("is the default outside of every scope, and inside a scope that of the scope", () => {
    const ambient = open();
    expect(ambient.setDefault({ name: "default" })).toBe(undefined);

    expect(ambient.get().name).toBe("default");
    expect(ambient.within({ name: "scope" }, () => ambient.get().name)).toBe("scope");
    expect(ambient.setDefault({ name: "next" })).toEqual({ name: "default" });
  });

  it("is an error with a hint where there is none, also after a reset", () => {
    const ambient = open();
    ambient.setDefault({ name: "default" });
    ambient.reset();

    expect(() => ambient.get()).toThrow("there is no current MLOps instance. Make one: await initMLOps().");
    expect(ambient.find()).toBe(undefined);
  });

  it("is another one for each kind", () => {
    const [one, two] = [open(), open()];
    one.setDefault({ name: "one" });

    expect(two.find()).toBe(undefined);
  });
});
