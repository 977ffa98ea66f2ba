// A test that flips one setting and sees the difference; every setting has one, see test/unit/config/effects.test.ts.

import { it } from "vitest";

/** `path`: of the setting, written out, because the lint looks for it in the text. `title`: what is different. */
export function effectOf(path: string, title: string, run: () => Promise<void>, timeout = 60_000): void {
  it(`${path}: ${title}`, { timeout }, run);
}
