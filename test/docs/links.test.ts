// Links between pages and into the repository lead somewhere.

import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, pages, proseOf, root } from "./markdown.ts";

describe.each(pages)("%s", (page) => {
  it("links only to what exists", () => {
    const broken = linksOf(page).filter((link) => !leadsSomewhere(page, link));

    expect(broken).toEqual([]);
  });
});

it("every page in docs/ can be reached from the README", () => {
  const reached = new Set(["README.md"]);
  for (const page of reached) {
    for (const link of linksOf(page)) {
      const target = targetOf(page, link).path;
      if (pages.includes(target)) reached.add(target);
    }
  }

  expect(pages.filter((page) => page.startsWith("docs/") && !reached.has(page))).toEqual([]);
});

function linksOf(page: string): string[] {
  return [...proseOf(page).matchAll(/\]\(([^()\s]+)\)/g)].map(([, link = ""]) => link);
}

function leadsSomewhere(page: string, link: string): boolean {
  if (/^(https?|mailto):/.test(link)) return true;
  const { path, anchor } = targetOf(page, link);
  if (!existsSync(join(root, path))) return false;
  return anchor === undefined || !path.endsWith(".md") || anchorsOf(path).has(anchor);
}

function targetOf(page: string, link: string): { readonly path: string; readonly anchor: string | undefined } {
  const [file = "", anchor] = link.split("#");
  return { path: file === "" ? page : posix.join(posix.dirname(page), decodeURI(file)), anchor };
}
