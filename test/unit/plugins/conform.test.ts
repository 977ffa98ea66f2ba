// What a plugin must have, by its methods alone.

import { describe, expect, it } from "vitest";
import { isStratigraphError, type StratigraphError } from "../../../src/errors.ts";
import { assertConforms } from "../../../src/plugins/conform.ts";
import { groupNames, groups, type PluginGroup } from "../../../src/plugins/groups.ts";

const registry = {
  register: async () => undefined,
  get: async () => undefined,
  listVersions: async () => undefined,
  promote: async () => undefined,
  demote: async () => undefined,
  delete: async () => undefined,
};

function refusal(group: PluginGroup, value: unknown, name?: string): StratigraphError {
  try {
    assertConforms(group, value, name);
  } catch (error) {
    if (isStratigraphError(error)) return error;
  }
  throw new Error("accepted");
}

describe("a registry backend", () => {
  it("is any object with the six methods, a literal too", () => {
    expect(() => assertConforms("registry-backends", registry)).not.toThrow();
  });

  it("without demote is refused, and the error names demote", () => {
    const { demote: _, ...lacking } = registry;
    const error = refusal("registry-backends", lacking, "acme");

    expect(error).toMatchObject({
      code: "PLUGIN_INVALID",
      where: "registry-backends, 'acme'",
      data: { missing: ["demote"] },
    });
    expect(error.what).toBe("the plugin lacks 'demote'");
  });

  it("may have its methods from a class above it", () => {
    class Base {
      async register(): Promise<void> {}
      async get(): Promise<void> {}
      async listVersions(): Promise<void> {}
    }
    class Registry extends Base {
      async promote(): Promise<void> {}
      async demote(): Promise<void> {}
      async delete(): Promise<void> {}
    }

    expect(() => assertConforms("registry-backends", new Registry())).not.toThrow();
  });

  it("with a method that asks for more than it will get is refused", () => {
    const greedy = { ...registry, get: async (_a: unknown, _b: unknown, _c: unknown) => undefined };

    expect(refusal("registry-backends", greedy).message).toContain("'get' asks for more than it gets");
  });
});

describe("every group", () => {
  it.each(groupNames)("%s refuses what is nothing like it", (group) => {
    for (const value of [undefined, null, 7, "text", []]) expect(refusal(group, value).code).toBe("PLUGIN_INVALID");
  });

  it("that asks for a function takes a function", () => {
    const functions = groupNames.filter((group) => groups[group].kind === "function");

    expect(functions).toEqual(["gates", "hooks"]);
    for (const group of functions) {
      expect(() => assertConforms(group, () => true)).not.toThrow();
      expect(refusal(group, (_a: 1, _b: 2, _c: 3) => true).code).toBe("PLUGIN_INVALID");
    }
  });
});
