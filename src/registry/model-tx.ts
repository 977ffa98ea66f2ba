// The calls of a connection that the registry's appliers make.

import type { Connection } from "../backend/backend.ts";

/** So few that what is not written yet can be laid over them, see overlay.ts. */
export type ModelTx = Pick<
  Connection,
  | "readModels"
  | "writeModel"
  | "findVersions"
  | "writeVersions"
  | "writeTransitions"
  | "listAliases"
  | "writeAlias"
  | "writeAnnotations"
  | "readSnapshot"
  | "readSnapshotTag"
  | "writeSnapshotTag"
  | "removeSnapshotTag"
>;
