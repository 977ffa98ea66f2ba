// Builds the weather graph from a program, and prints its report.

import { sqlite } from "stratigraph/sqlite";
import { weather } from "./weather.ts";

const snapshot = await weather.build({ backend: sqlite(".strata/strata.db") });

console.log(await snapshot.read(weather.artifacts.report));
console.log(`The same build from a program: ${snapshot.result.built} partitions built, ${snapshot.result.reused} reused.

Try next:
  cd examples/weather
  Change a temperature in data/seattle/2014-07.csv, then build what depends on it, and nothing else:
    npx strata build
  Ask why it was built:
    npx strata why 'months.summary[city=seattle,month=2014-07]'
  Change only a wind speed: no summary has it, so what is below the summary is not built at all.
  Take everything back: nothing is built, the earlier results are found.`);
