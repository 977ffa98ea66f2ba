// Every applier of the registry by its action: for what is foreseen, and for a replay of the journal.

import { submissionOf, type Submission } from "../changes/commit.ts";
import type { Intent } from "../journal/intent.ts";
import { aliasApplier } from "./actions/alias.ts";
import type { RegistryApplier } from "./actions/applier.ts";
import { deleteApplier } from "./actions/delete.ts";
import { downloadApplier } from "./actions/download.ts";
import { importApplier } from "./actions/import.ts";
import { annotateApplier, labelApplier } from "./actions/note.ts";
import { registerApplier } from "./actions/register.ts";
import { transitionAppliers } from "./actions/transition.ts";
import { updateApplier } from "./actions/update.ts";
import type { ModelTx } from "./model-tx.ts";

/** An applier whose types are its own business. */
export interface RegistryAction {
  readonly action: string;
  /** Writes the intent's rows into something laid over what is stored. */
  foresee(tx: ModelTx, intent: Intent): Promise<void>;
  /** For whoever delivers the intent later. */
  submission(intent: Intent): Submission;
}

export const registryActions: readonly RegistryAction[] = [
  actionOf(registerApplier),
  ...Object.values(transitionAppliers).map(actionOf),
  actionOf(deleteApplier),
  actionOf(labelApplier),
  actionOf(annotateApplier),
  actionOf(aliasApplier),
  actionOf(updateApplier),
  actionOf(downloadApplier),
  actionOf(importApplier),
];

function actionOf<Data, Result>(applier: RegistryApplier<Data, Result>): RegistryAction {
  return {
    action: applier.action,
    async foresee(tx, intent) {
      await applier.apply(tx, applier.schema.parse(intent.data), intent);
    },
    submission: (intent) => submissionOf(applier, intent),
  };
}
