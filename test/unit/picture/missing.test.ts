// A picture without the package that lays it out.

import { expect, it, vi } from "vitest";
import { boxesOf } from "../../../src/picture/box.ts";
import { layOutPicture } from "../../../src/picture/layout.ts";
import { picture } from "./support.ts";

vi.mock("@hpcc-js/wasm-graphviz", () => {
  throw new Error("Cannot find package");
});

it("says which package is missing, how to install it, and what there is without it", async () => {
  await expect(layOutPicture(boxesOf(picture(["a"]), 10))).rejects.toMatchObject({
    code: "PACKAGE_MISSING",
    message:
      "the package '@hpcc-js/wasm-graphviz' is needed for pictures. Run `npm install @hpcc-js/wasm-graphviz`; without it there is the picture in the terminal: strata graph.",
  });
});
