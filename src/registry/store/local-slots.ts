// Slots as files: written whole beside their place and linked to it, which succeeds for one process in the world.

import * as fs from "node:fs/promises";
import { join } from "node:path";
import { StratigraphError } from "../../errors.ts";
import { errnoOf, storageError, syncFolders } from "../../util/durable-file.ts";
import { makeFolder } from "../../util/make-folder.ts";
import { tempName } from "../../util/temp-name.ts";
import type { Slot, SlotStorage } from "./slots.ts";

export function localSlots(root: string): SlotStorage {
  const temps = join(root, "tmp");
  const folderOf = (model: string): string => join(root, "claims", ...model.split("/"));

  return {
    async models() {
      const models: string[] = [];
      for (const namespace of await namesIn(join(root, "claims"))) {
        for (const name of await namesIn(folderOf(namespace))) models.push(`${namespace}/${name}`);
      }
      return models;
    },
    list: (model) => namesIn(folderOf(model)),
    async read(model, name) {
      const path = join(folderOf(model), name);
      try {
        return parseSlot(await fs.readFile(path, "utf8"));
      } catch (error) {
        if (errnoOf(error) === "ENOENT") return undefined;
        throw storageError(error, path, 0);
      }
    },
    async take(model, name, slot) {
      const folder = folderOf(model);
      const path = join(folder, name);
      const temp = join(temps, tempName());
      try {
        makeFolder(temps, 0o700);
        makeFolder(folder, 0o700);
        const file = await fs.open(temp, "wx", 0o444);
        try {
          await file.writeFile(`${JSON.stringify(slot)}\n`);
          await file.sync();
        } finally {
          await file.close();
        }
        await fs.link(temp, path);
        await syncFolders([path], root);
        return true;
      } catch (error) {
        const code = errnoOf(error);
        if (code === "EEXIST") return false;
        if (code === "ENOTSUP" || code === "ENOSYS" || (code === "EPERM" && process.platform !== "win32"))
          throw noLinks(path, error);
        throw storageError(error, path, 0);
      } finally {
        await fs.rm(temp, { force: true }).catch(() => undefined);
      }
    },
  };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await fs.readdir(folder);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw storageError(error, folder, 0);
  }
}

/** What cannot be understood was taken by somebody unknown, who is never called dead. */
function parseSlot(text: string): Slot {
  try {
    const { name, holder, at, version, released } = JSON.parse(text) as Partial<Record<keyof Slot, unknown>>;
    if (typeof name === "string" && typeof holder === "string" && typeof at === "string")
      return {
        name,
        holder,
        at,
        version: typeof version === "string" ? version : undefined,
        released: released === true,
      };
  } catch {
    // Answered below.
  }
  return { name: "?", holder: "somebody unknown", at: "an unknown time" };
}

function noLinks(path: string, cause: unknown): StratigraphError {
  return new StratigraphError(
    "STORAGE_FAILED",
    "a version number cannot be claimed where files cannot have two names",
    {
      where: path,
      hint: "Keep the registry's store on a file system with hard links.",
      cause,
    },
  );
}
