// A process that projects the registry is killed at any moment: what is there can be read, and the next one goes on.

import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { ImportedVersion } from "../../src/registry/layout/imported-version.ts";
import { importModels, projections } from "../../src/registry/layout/layouts.ts";
import { memoryStore } from "../../src/registry/store/memory-store.ts";
import { followChild } from "../../src/testing/followed-child.ts";
import { spawnProgram } from "../support/backend-subjects.ts";
import { Folder } from "../support/folder.ts";
import { modelRecord, versionRecord } from "../support/model-rows.ts";

const program = fileURLToPath(new URL("programs/projection.ts", import.meta.url));

describe.each(["ubunye", "tauro"] as const)("the %s projection", (layout) => {
  it(
    "is whole for every reader, whenever its writer is killed, and holds no lock of a dead one",
    { timeout: 120_000 },
    async () => {
      using folder = new Folder();
      for (let round = 0; round < 6; round++) {
        const place = folder.at(`round-${round}`);
        const child = followChild(spawnProgram(program, [`${place}/store`, `${place}/out`, layout]), layout);
        await child.said(1 + round);
        await wait(Math.random() * 60);
        await child.kill();

        const versions: ImportedVersion[] = [];
        for await (const one of importModels(`${place}/out`, { layout })) versions.push(one);

        // What it had said is there, or went with a version after it.
        const said = Number(child.lines.at(-1)!.split(".")[2]);
        const highest = versions.reduce((most, { sequence }) => Math.max(most, sequence ?? 0), 0);
        expect(highest - 1).toBeGreaterThanOrEqual(said);
        const living = versions.filter(({ deleted }) => deleted === undefined);
        expect(living.length).toBeGreaterThan(0);
        expect(living.filter(({ stage }) => stage === "production")).toHaveLength(1);
        // registry.json never says more than there is; the files of the other layout are one for each version.
        if (layout === "ubunye") expect(living.flatMap(({ notes }) => notes)).toEqual([]);

        const names = { namespace: "other", name: "model" };
        const rows = [{ model: modelRecord(names), versions: [versionRecord(names)] }];
        const { written } = await projections[layout](rows, memoryStore(), `${place}/out`, { timeout: 5000 });
        expect(written.length).toBeGreaterThan(0);
      }
    },
  );
});
