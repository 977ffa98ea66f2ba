// What the registry's appliers have in common: they run in a transaction, and on what is foreseen.

import type { Applied, Applier } from "../../changes/applier.ts";
import type { Intent } from "../../journal/intent.ts";
import type { ModelTx } from "../model-tx.ts";

export interface RegistryApplier<Data, Result> extends Applier<Data, Result> {
  apply(tx: ModelTx, data: Data, intent: Intent): Promise<Applied<Result>>;
}
