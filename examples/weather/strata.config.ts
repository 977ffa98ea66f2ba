// So that `strata build` in this folder needs no file name.

export default { graph: "weather.ts" };
