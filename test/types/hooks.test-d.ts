// What hooks get, without a cast: `same<A, B>()` and `is<A>()(value)` fail to compile unless the two types are one.

import type { Config } from "stratigraph";
import { definePlugins } from "stratigraph";
import type { AliasRecord, VersionRecord } from "../../src/backend/model-records.ts";
import type { LineageRecord } from "stratigraph/lineage";
import type { DataOf, HookTypes, MLOps, RegisterRequest, ResultOf, StepRequest } from "stratigraph/mlops";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [left: A, right: B]): void {}
/** The same of a value: `is<string>()(name)`. */
const is =
  <Wanted>() =>
  <Value>(_value: Value, ..._proof: Same<Value, Wanted> extends true ? [] : [wanted: Wanted]): void => {};

declare const mlops: MLOps;
const { hooks } = mlops;

hooks.pre("model.register", (data) => {
  is<RegisterRequest>()(data);
  if ((data.metrics["auc"] ?? 0) < 0.9) throw new Error("not good enough");
  return { ...data, labels: { ...data.labels, checked: "yes" } };
});

hooks.pre("model.promote", (data, { actor, reader }) => {
  is<StepRequest>()(data);
  is<string>()(actor);
  return reader.readModels([data]);
});

hooks.post("model.register", ({ data, result }) => {
  is<RegisterRequest>()(data);
  is<VersionRecord>()(result);
});

hooks.post("model.alias", ({ data, result }) => {
  is<string>()(data.alias);
  is<AliasRecord | undefined>()(result);
});

hooks.post("lineage.record", ({ result }) => is<LineageRecord>()(result));

// Of several actions: what each of them has.
hooks.pre("model.*", ({ namespace, name }) => is<string>()(namespace + name));
hooks.pre("lineage.*", (data) => is<DataOf<"lineage.record"> | DataOf<"lineage.compact">>()(data));

// Of actions that plugins may have: nothing is known.
hooks.pre("*", (data) => is<unknown>()(data));
hooks.post("acme.sign", ({ data, result }) => {
  is<unknown>()(data);
  is<unknown>()(result);
});

// No action's hooks are left without a type.
type Untyped = { [Action in keyof HookTypes]: unknown extends DataOf<Action> | ResultOf<Action> ? Action : never };
same<Untyped[keyof HookTypes], never>();

// In a configuration likewise.
export default {
  plugins: [
    definePlugins({
      hooks: {
        floor: (registry) =>
          registry.pre("model.register", ({ metrics }) => is<Readonly<Record<string, number>>>()(metrics)),
      },
    }),
  ],
} satisfies Config;
