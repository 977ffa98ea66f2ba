// Registering with an MLflow server in the settings: the command neither waits for it nor fails with it, and a sync tells it the rest.

import { describe, expect, it } from "vitest";
import { startMlflow } from "../../support/mlflow-server.ts";
import { openSpace } from "../../support/space.ts";

describe("strata models register, with an MLflow server", () => {
  it("that is out of order, registers all the same; strata sync mirror tells it", { timeout: 120_000 }, async () => {
    await using server = await startMlflow();
    await using space = await openSpace();
    space.write({
      "model.bin": "weights",
      "strata.config.ts": `export default { registry: { mlflow: { url: "${server.url}" } } };\n`,
    });
    const env = { STRATA_HOME: space.path("home"), MLFLOW_TRACKING_TOKEN: "s3cret-token" };
    server.authorization = "Bearer another";

    const registered = await space.run(["models", "register", "model.bin", "-m", "team/churn"], { env });
    const refused = await space.run(["sync", "mirror"], { env });
    server.authorization = "Bearer s3cret-token";
    const synced = await space.run(["sync", "mirror", "--json"], { env });
    const again = await space.run(["sync", "mirror"], { env });

    expect(registered).toMatchObject({ code: 0, stdout: "[OK] team/churn v1.0.0 registered in development\n" });
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain("the MLflow server wants other credentials");
    expect(registered.stderr + refused.stdout + refused.stderr).not.toContain("s3cret-token");
    // The model, and its version.
    expect(synced).toMatchObject({ code: 0, json: { delivered: 2, remaining: 0 } });
    expect(again.stdout).toBe("nothing waits in the journal\n");
    expect(server.seen("team~churn")).toEqual({ versions: [["1", "1.0.0", "None"]], aliases: {} });
  });
});
