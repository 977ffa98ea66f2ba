// Every applier of the registry by its action: what a replay of the journal needs.

import type { Applier } from "../changes/applier.ts";
import { aliasApplier } from "./actions/alias.ts";
import { deleteApplier } from "./actions/delete.ts";
import { downloadApplier } from "./actions/download.ts";
import { annotateApplier, labelApplier } from "./actions/note.ts";
import { registerApplier } from "./actions/register.ts";
import { transitionAppliers } from "./actions/transition.ts";
import { updateApplier } from "./actions/update.ts";

export const registryAppliers = [
  registerApplier,
  transitionAppliers.promote,
  transitionAppliers.demote,
  transitionAppliers.archive,
  transitionAppliers.rollback,
  transitionAppliers.restore,
  deleteApplier,
  labelApplier,
  annotateApplier,
  aliasApplier,
  updateApplier,
  downloadApplier,
] as const satisfies readonly Applier<never, unknown>[];
