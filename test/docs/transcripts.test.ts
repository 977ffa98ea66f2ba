// Every command shown in a page prints what the page says it prints, and ends as it says.

import { describe, expect, it } from "vitest";
import { settle, tidy } from "../support/match-output.ts";
import { pages } from "./markdown.ts";
import { play, transcriptsOf } from "./transcripts.ts";

describe.each(pages.filter((page) => transcriptsOf(page).length > 0))("%s", (page) => {
  it("shows what its commands print (`npm run docs` writes it)", { timeout: 300_000 }, () => {
    for (const { commands } of play(page)) {
      for (const { line, command, shown, output, expectedStatus, status } of commands) {
        const place = `${page}:${line}: ${command}`;
        expect(settle(output, shown), place).toBe(tidy(shown));
        expect(status, place).toBe(expectedStatus);
      }
    }
  });
});
