// Intents for tests of the journal.

import type { RunId } from "../../src/backend/records.ts";
import type { Intent } from "../../src/journal/intent.ts";

export function intent(key: string, changes: Partial<Omit<Intent, "run">> & { run?: string } = {}): Intent {
  const { run = "run-1", ...rest } = changes;
  return {
    key,
    journal: "lineage",
    action: "note.keep",
    recordedAt: "2026-01-02T00:00:00.000Z",
    actor: "ana",
    correlation: key,
    data: { name: key, value: 1 },
    run: run as RunId,
    ...rest,
  };
}
