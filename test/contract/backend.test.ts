// The backend contract, on every backend we have.

import { describe, it } from "vitest";
import { backendCases, notApplicable, runCase, type BackendSubject } from "../../src/testing/index.ts";
import { memorySubject, sqliteSubject } from "../support/backend-subjects.ts";

const subjects: readonly BackendSubject[] = [memorySubject, sqliteSubject];

for (const subject of subjects) {
  describe(subject.name, () => {
    for (const contractCase of backendCases) {
      const reason = notApplicable(subject, contractCase);
      const title = `${contractCase.name}: ${contractCase.title}`;
      if (reason !== undefined) it.skip(`${title} (${reason})`, () => undefined);
      else it(title, { timeout: contractCase.time ?? 30_000 }, () => runCase(subject, contractCase));
    }
  });
}
