// A real browser for tests of pages, where there is one.

import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const place = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Why no page can be opened here, to skip a test with; `undefined` where one can. */
export function whyNoBrowser(): string | undefined {
  return existsSync(place) ? undefined : `not run: there is no Chromium at ${place}; CHROMIUM names another place`;
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: place, args: ["--no-sandbox"] });
}
