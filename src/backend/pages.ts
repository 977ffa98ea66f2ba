// A listing from its first page to its last.

import type { Page, PageRequest } from "./records.ts";

/** Every item, a page of 10,000 at a time; `read` is asked for one page after the other. */
export async function* everyItem<T>(read: (page: PageRequest) => Promise<Page<T>>): AsyncGenerator<T> {
  for await (const items of everyPage(read)) yield* items;
}

/** The same, page by page. */
export async function* everyPage<T>(read: (page: PageRequest) => Promise<Page<T>>): AsyncGenerator<readonly T[]> {
  let after: Page<T>["next"];
  do {
    const page = await read({ limit: 10_000, after });
    yield page.items;
    after = page.next;
  } while (after !== undefined);
}
