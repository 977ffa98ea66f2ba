// The document that --json prints, whole or in pieces.

import { expect, it } from "vitest";
import { jsonDocument, jsonPieces } from "../../../src/cli/report/json.ts";
import { fc } from "../../support/random.ts";

const acting = fc.constantFrom("\n", "\u001b[2J", "\u2028", '"', "\\", "a,\n    b", "é");
const value = fc.oneof(
  fc.jsonValue(),
  acting,
  fc.constant(undefined),
  fc.record({ because: acting, changes: fc.option(fc.array(acting), { nil: undefined }) }),
);

it("is the same text in pieces, however long its lists are", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.oneof(fc.string(), acting), value),
      fc.array(value, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(0, 1, 999, 1_000, 1_001, 2_000, 2_345),
      (fields, few, length) => {
        const list = Array.from({ length }, (_, index) => few[index % few.length]);
        const document = { first: list, ...fields, last: { list }, steps: list };

        expect([...jsonPieces(document)].join("")).toBe(jsonDocument(document));
      },
    ),
    { numRuns: 200, endOnFailure: true },
  );
});

it("comes in pieces of a thousand entries", () => {
  const steps = Array.from({ length: 10_000 }, (_, position) => ({ key: "days", position }));

  const pieces = [...jsonPieces({ graph: "spend", steps })];

  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(60_000);
  expect(JSON.parse(pieces.join(""))).toEqual({ graph: "spend", steps });
});

it.each([null, undefined, 7, "text", [], [1, 2], {}])("of %j is the whole", (document) => {
  expect([...jsonPieces(document)]).toEqual([jsonDocument(document)]);
});
