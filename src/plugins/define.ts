// The one function of plugins that a configuration calls; it loads nothing.

import type { PluginDeclarations } from "./declare.ts";

/** For the `plugins` of strata.config.ts: gives back what it is given, checked by the compiler. */
export function definePlugins(declarations: PluginDeclarations): PluginDeclarations {
  return Object.freeze({ ...declarations });
}
