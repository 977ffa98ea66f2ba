// Which instance is the current one, for code that nobody hands one.

import { createAmbient, type Ambient } from "./ambient.ts";
import type { MLOps } from "./mlops.ts";

export const current: Ambient<MLOps> = createAmbient<MLOps>(
  "MLOps instance",
  "Run it inside withMLOps(instance, …), or call initMLOps() once at the start of the program.",
);
