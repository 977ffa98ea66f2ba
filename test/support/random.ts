// Random tests that can be told apart from bad luck: the same seed each time, so that what fails is what was changed.

import fc from "fast-check";

// STRATA_SEED=random looks where nobody has looked yet, and STRATA_RUNS=100000 for longer where a test heeds it.
const wanted = process.env["STRATA_SEED"] ?? "20260101";
fc.configureGlobal({ seed: wanted === "random" ? Date.now() % 2 ** 31 : Number(wanted) });

export { default as fc } from "fast-check";
