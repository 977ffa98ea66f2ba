// Copying a database that may be in use: through SQLite, which gives one moment of it.

import { chmodSync, linkSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { StratigraphError } from "../../errors.ts";
import { systemClock } from "../../util/clock.ts";
import { errnoOf, syncFolders } from "../../util/durable-file.ts";
import { createId } from "../../util/id.ts";
import { fileError } from "./failure.ts";
import { databasePath } from "./file.ts";
import { migrations } from "./migrations/list.ts";
import { openForCopying } from "./open.ts";

/** See `backup`. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  const source = databasePath(from);
  const target = databasePath(to);
  const temp = `${target}.${createId(systemClock)}.new`;
  const opening = { path: source, durability: "full", busyTimeout: 30_000, clock: systemClock, migrations } as const;
  const handle = await openForCopying(opening);
  try {
    await handle.backup(temp);
    chmodSync(temp, 0o600);
    linkSync(temp, target);
    await syncFolders([target], dirname(target));
  } catch (error) {
    if (errnoOf(error) === "EEXIST") {
      throw new StratigraphError("BACKEND_FAILED", "a file is there already and is not replaced", {
        where: target,
        cause: error,
      });
    }
    throw fileError(error, target, "the copy cannot be written");
  } finally {
    handle.close();
    try {
      unlinkSync(temp);
    } catch {
      // It was never made.
    }
  }
}
