// The artifact store's contract, on every store we have.

import { describe, expect, it } from "vitest";
import { artifactStoreCases, runArtifactStoreCase } from "../../src/testing/artifact-store-contract.ts";
import { localStoreSubject, memoryStoreSubject } from "../support/artifact-store-subjects.ts";

for (const subject of [memoryStoreSubject, localStoreSubject]) {
  describe(subject.name, () => {
    for (const contractCase of artifactStoreCases) {
      const { name, title, time = 30_000, processes = false } = contractCase;
      if (processes && subject === memoryStoreSubject) {
        it.skip(`${name}: ${title} (n/a: memory is one process's own)`, () => undefined);
        continue;
      }
      it(`${name}: ${title}`, { timeout: time }, async () => {
        expect(await runArtifactStoreCase(subject, contractCase)).toBe(true);
      });
    }
  });
}
