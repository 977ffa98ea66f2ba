// Prints the test run's result as one plain line, because not every reader knows the runner's own summary.

import { readFileSync } from "node:fs";

const text = readFileSync(process.argv[2] ?? 0, "utf8");
if (text === "") {
  console.log("0 passed, 1 failed (the test runner ended without a result)");
} else {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(text);
  // A file that cannot even be loaded has no tests to count.
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  for (const { name } of broken) console.log(`could not be loaded: ${name}`);
  const skipped = numPendingTests + numTodoTests;
  console.log(
    `${numPassedTests} passed, ${numFailedTests + broken.length} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`,
  );
}
