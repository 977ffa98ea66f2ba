// Where the files of a version are in a folder that a layout made for them.

import { join } from "node:path";
import { unescapeName } from "../../util/file-name.ts";
import { pathProblem } from "../store/tree.ts";
import { kindOf } from "./json-file.ts";

/** The folder, or the one file in it where that is what was registered. A link would lead out of the store, and is no folder. */
export async function findArtifact(folder: string, location: string | undefined): Promise<string | undefined> {
  if ((await kindOf(folder)) !== "folder") return undefined;
  const name = unescapeName(/^(?:file|program):(.+)$/.exec(location ?? "")?.[1] ?? "") ?? "";
  if (name === "" || name.includes("/") || pathProblem(name) !== undefined) return folder;
  return (await kindOf(join(folder, name))) === "file" ? join(folder, name) : folder;
}
