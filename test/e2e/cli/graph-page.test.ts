// The page that `strata graph --html` writes, in a real browser and from a file.

import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBrowser, whyNoBrowser } from "../../support/browser.ts";
import type { Space } from "../../support/space.ts";
import { day, openSpend } from "./spend.ts";

const why = whyNoBrowser();

interface Opened {
  readonly page: Page;
  /** What the page said that it should not, and asked for. */
  readonly said: string[];
  readonly asked: string[];
}

describe.skipIf(why !== undefined)(`the page${why === undefined ? "" : ` (${why})`}`, () => {
  let browser: Browser;
  let space: Space;
  beforeAll(async () => {
    space = await openSpend({
      extra: `const Odd = artifact({ schema: z.number(), description: '<img src=x onerror="document.title=1">' });
const odd = producer({ name: "odd", version: "1.0.0", inputs: { days: all(DailySpend) }, output: Odd, build: () => 1 });`,
    });
    space.write({
      "spend.ts": space.read("spend.ts").replace("days, total };", "days, total, odd: { one: odd({ days }) } };"),
    });
    await space.strata("build", "spend.ts");
    space.write({ "data/2026-01-02.json": day(5) });
    const { code, stderr } = await space.strata("graph", "--html", "out/graph.html");
    expect(code, stderr).toBe(0);
    browser = await openBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await space?.[Symbol.asyncDispose]();
  });

  async function open(
    options: { readonly colorScheme?: "dark" | "light"; readonly hash?: string } = {},
  ): Promise<Opened> {
    const page = await browser.newPage({ colorScheme: options.colorScheme ?? "light" });
    const said: string[] = [];
    const asked: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(space.path("out/graph.html")).href + (options.hash ?? ""));
    return { page, said, asked };
  }

  it("lists on a click the partitions with state and reason, without a word of error and asking nobody", async () => {
    const { page, said, asked } = await open();

    await page.getByRole("button", { name: "days, will build" }).click();

    expect(await page.locator("#details h2").textContent()).toBe("days");
    expect(await page.locator("#partitions tr").allTextContents()).toEqual([
      "date=2026-01-01current" + "nothing it depends on changed",
      "date=2026-01-02will build" + "input 'transactions'[date=2026-01-02] changed",
      "date=2026-01-03current" + "nothing it depends on changed",
    ]);
    await page.locator("#details").getByRole("button", { name: "vendor.transactions" }).click();
    expect(await page.locator("#details h2").textContent()).toBe("vendor.transactions");
    expect(said).toEqual([]);
    expect(asked.filter((url) => !url.startsWith("file:") && url !== "data:,")).toEqual([]);
    expect(asked.filter((url) => url.startsWith("file:"))).toHaveLength(1);
    await page.close();
  });

  it("finds artifacts by name, dims the others, and goes to them by keyboard alone", async () => {
    const { page, said } = await open();

    await page.keyboard.press("/");
    await page.keyboard.type("TOT");
    expect(await page.locator("#found").textContent()).toBe("1 of 4");
    expect(await page.locator(".node.dim").count()).toBe(3);
    await page.keyboard.press("Enter");
    expect(await page.locator("#details h2").textContent()).toBe("total");
    await page.locator("#search").blur();
    await page.keyboard.press("ArrowLeft");
    expect(await page.locator("#details h2").textContent()).toBe("days");
    await page.keyboard.press("Escape");
    expect(await page.locator("#panel").isHidden()).toBe(true);
    expect(await page.locator(".dim").count()).toBe(0);
    await page.keyboard.press("Tab");
    await page.locator(".node").first().focus();
    await page.keyboard.press("Enter");
    expect(await page.locator("#panel").isVisible()).toBe(true);
    expect(said).toEqual([]);
    await page.close();
  });

  it("moves under the mouse, zooms with the wheel, and fits again", async () => {
    const { page } = await open();
    const view = (): Promise<string | null> => page.locator("#view").getAttribute("transform");
    const before = await view();

    await page.mouse.move(30, 500);
    await page.mouse.down();
    await page.mouse.move(130, 560, { steps: 4 });
    await page.mouse.up();
    const dragged = await view();
    await page.mouse.wheel(0, -400);
    await expect.poll(view).not.toBe(dragged);
    const zoomed = await view();
    await page.getByRole("button", { name: "fit" }).click();

    expect(dragged).not.toBe(before);
    expect(scaleOf(dragged)).toBe(scaleOf(before));
    expect(scaleOf(zoomed)).toBeGreaterThan(scaleOf(before));
    expect(await view()).toBe(before);
    expect(await page.locator("#panel").isHidden()).toBe(true);
    await page.close();
  });

  it("opens where something failed if nothing could be read in all of it", async () => {
    const made = Array.from({ length: 60 }, (_, n) => `out["n${n}"] = make(${n})({ n: out["n${n - 1}"] ?? first });`);
    space.write({
      "wide.ts": `import { z } from "zod";
import { artifact, graph, literal, producer } from "stratigraph";
const N = artifact({ schema: z.number() });
const make = (n: number) => producer({ name: "make-" + n, version: "1.0.0", inputs: { n: N }, output: N, build: () => { if (n === 40) throw new Error("no"); return n; } });
export const wide = graph("wide", () => { const first = N.from(literal(1)); const out: any = {}; ${made.join(" ")} return { first, ...out }; });
`,
    });
    await space.strata("build", "wide.ts");
    await space.strata("graph", "wide.ts", "--html", "out/wide.html");
    const page = await browser.newPage();
    await page.goto(pathToFileURL(space.path("out/wide.html")).href);
    const scale = async (): Promise<number> => scaleOf(await page.locator("#view").getAttribute("transform"));
    const opened = await scale();
    const box = (await page.getByRole("button", { name: "n40, failed" }).boundingBox())!;
    await page.keyboard.press("0");

    expect(opened).toBe(0.6);
    expect(Math.abs(box.x + box.width / 2 - page.viewportSize()!.width / 2)).toBeLessThan(2);
    expect(await scale()).toBeLessThan(0.3);
    await page.close();
  });

  it("is dark where the reader's system is, and can be told otherwise", async () => {
    const { page } = await open({ colorScheme: "dark" });
    const background = (): Promise<string> =>
      page.evaluate("getComputedStyle(document.documentElement).backgroundColor");

    expect(await background()).toBe("rgb(20, 24, 29)");
    await page.getByRole("button", { name: "light or dark" }).click();
    expect(await background()).toBe("rgb(255, 255, 255)");
    await page.close();
  });

  it("shows HTML in a description as what it is, and opens at the artifact its address names", async () => {
    const { page, said } = await open({ hash: "#odd.one" });

    expect(await page.locator("#details h2").textContent()).toBe("odd.one");
    expect(await page.locator("#details").textContent()).toContain('<img src=x onerror="document.title=1">');
    expect(await page.locator("#details img").count()).toBe(0);
    expect(await page.title()).toBe("spend: graph");
    expect(said).toEqual([]);
    await page.close();
  });
});

function scaleOf(transform: string | null): number {
  return Number(/scale\(([\d.]+)\)/.exec(transform ?? "")![1]);
}
