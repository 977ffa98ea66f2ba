// The core of exchanged records, pinned; what a newer writer adds survives an older one.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineRecord, type RecordDefinition } from "../../../src/changes/record.ts";
import { taskRecord } from "../../../src/lineage/record.ts";
import { failureOf } from "../../support/folder.ts";

/** Every core there ever was, by name and version: an entry is added, never changed. */
const golden = JSON.parse(readFileSync(new URL("../../golden/records.json", import.meta.url), "utf8")) as Record<
  string,
  unknown
>;

/** What a definition says and the pinned core of its version does not. */
function coreChange(definition: RecordDefinition<any>): string | undefined {
  const name = `${definition.name}@${String(definition.version)}`;
  if (!Object.hasOwn(golden, name)) return `${name} is not pinned yet: add it to test/golden/records.json`;
  const same = JSON.stringify(golden[name]) === JSON.stringify(definition.coreSchema);
  return same ? undefined : `${name} has another core than was pinned: raise its version, and the package's major one`;
}

const note = { name: "note", version: 1, core: z.strictObject({ id: z.string().min(1), text: z.string() }) };
const notes = defineRecord(note);

describe("the core of a record", () => {
  it("of lineage is the one that is pinned for its version", () => {
    expect(coreChange(taskRecord)).toBeUndefined();
  });

  it("that gains, loses or changes a field without a new version is noticed", () => {
    const pinned = taskRecord.coreSchema as { readonly properties: object };
    const with_ = (coreSchema: unknown, version = 1): RecordDefinition<any> =>
      ({ ...taskRecord, version, coreSchema }) as RecordDefinition<any>;
    const { target: _, ...fewer } = pinned.properties as Record<string, unknown>;

    expect(coreChange(with_({ ...pinned, properties: { ...pinned.properties, host: { type: "string" } } }))).toContain(
      "raise its version",
    );
    expect(coreChange(with_({ ...pinned, properties: fewer }))).toContain("raise its version");
    expect(coreChange(with_(pinned, 2))).toContain("not pinned yet");
  });
});

describe("a record", () => {
  it("read, written and read again keeps everything a newer version put into it", () => {
    const written = {
      id: "1",
      text: "t",
      engineVersion: "9.9.0",
      metadata: { gpu: "h200", carbon: "12g" },
      provenance: { chain: ["a"] },
    };

    const again = notes.write(notes.parse(notes.write(notes.parse(written))));

    expect(again).toEqual(written);
  });

  it("keeps its writer's stamp whoever reads it", () => {
    const made = notes.create({ id: "1", text: "t" }, "0.1.0");

    expect(notes.parse(notes.write(made)).engineVersion).toBe("0.1.0");
    expect(Object.isFrozen(made)).toBe(true);
    expect(() => Object.assign(made, { engineVersion: "0.2.0" })).toThrow(TypeError);
  });

  it("is strict in its core, and takes new things as metadata only", async () => {
    const codeOf = async (make: () => unknown): Promise<string | undefined> => (await failureOf(make)).code;

    expect(await codeOf(() => notes.create({ id: "", text: "t" }, "0.1.0"))).toBe("VALIDATION_FAILED");
    expect(await codeOf(() => notes.create({ id: "1", text: "t", more: 1 } as never, "0.1.0"))).toBe(
      "VALIDATION_FAILED",
    );
    expect(await codeOf(() => notes.create({ id: "1", text: "t", metadata: { n: 1 } } as never, "0.1.0"))).toBe(
      "VALIDATION_FAILED",
    );
    expect(await codeOf(() => notes.parse({ id: "1", text: "t" }))).toBe("VALIDATION_FAILED");
    expect(notes.create({ id: "1", text: "t", metadata: { n: "1" } }, "0.1.0").metadata).toEqual({ n: "1" });
  });
});
