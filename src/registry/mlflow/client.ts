// An MLflow tracking server's REST API, as far as its model registry goes: each call checked, each refusal one sentence.

import { z } from "zod";
import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";

export interface MlflowServer {
  /** "https://mlflow.example.com", with the path it is served under where there is one. */
  readonly url: string;
  readonly credentials: MlflowCredentials | undefined;
}

/** What the header `authorization` says, and every text in it that nobody may see. */
export interface MlflowCredentials {
  readonly authorization: string;
  readonly hidden: readonly string[];
}

/** From the variables that MLflow's own clients read: a token, or a name with a password. */
export function mlflowCredentials(env: Readonly<Record<string, string | undefined>>): MlflowCredentials | undefined {
  const said = (name: string): string | undefined => (env[name] === "" ? undefined : env[name]);
  const token = said("MLFLOW_TRACKING_TOKEN");
  if (token !== undefined) return { authorization: `Bearer ${token}`, hidden: [token] };
  const password = said("MLFLOW_TRACKING_PASSWORD");
  if (password === undefined) return undefined;
  const basic = Buffer.from(`${said("MLFLOW_TRACKING_USERNAME") ?? ""}:${password}`).toString("base64");
  return { authorization: `Basic ${basic}`, hidden: [password, basic] };
}

interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface MlflowModel {
  readonly description: string;
  readonly tags: ReadonlyMap<string, string>;
  /** The number of a version by alias. */
  readonly aliases: ReadonlyMap<string, string>;
}

export interface MlflowVersion {
  /** "1", "2", …: the server's own count. */
  readonly version: string;
  readonly stage: string | undefined;
  readonly description: string;
  readonly tags: ReadonlyMap<string, string>;
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
/** A tag without a value is a tag with an empty one. */
const tagList = z
  .array(z.object({ key: z.string(), value: text }))
  .nullish()
  .transform((tags) => new Map((tags ?? []).map(({ key, value }) => [key, value])));
const number = z.union([z.string(), z.number()]).transform(String);
const modelShape: z.ZodType<{ readonly registered_model: MlflowModel }, unknown> = z.object({
  registered_model: z.object({
    description: text,
    tags: tagList,
    aliases: z
      .array(z.object({ alias: z.string(), version: number }))
      .nullish()
      .transform((aliases) => new Map((aliases ?? []).map(({ alias, version }) => [alias, version]))),
  }),
});
const version: z.ZodType<MlflowVersion, unknown> = z
  .object({ version: number, current_stage: z.string().nullish(), description: text, tags: tagList })
  .transform(({ current_stage, ...rest }) => ({ ...rest, stage: current_stage ?? undefined }));
const versionShape = z.object({ model_version: version });
const pageShape = z.object({ model_versions: z.array(version).default([]), next_page_token: text });
const anything = z.looseObject({});
const refusal = z.object({ error_code: z.string(), message: text });

/** Answers that no later attempt would change: what was asked is at fault, not the server. */
const FINAL: ReadonlySet<string> = new Set(["INVALID_PARAMETER_VALUE", "BAD_REQUEST", "MALFORMED_REQUEST"]);
const MOST_ON_A_PAGE = 200;

type Method = "GET" | "POST" | "PATCH" | "DELETE";
type Values = Readonly<Record<string, unknown>>;

/** All its calls are given up when `signal` is aborted. Errors: BACKEND_TIMEOUT, BACKEND_FAILED; VALIDATION_FAILED for what the server will never take. */
export class MlflowClient {
  readonly #server: MlflowServer;
  readonly #signal: AbortSignal;

  constructor(server: MlflowServer, signal: AbortSignal) {
    this.#server = server;
    this.#signal = signal;
  }

  async findModel(name: string): Promise<MlflowModel | undefined> {
    const answer = await this.#call("GET", "registered-models/get", { name }, modelShape, ["RESOURCE_DOES_NOT_EXIST"]);
    return answer?.registered_model;
  }

  /** Or leaves the one of that name as it is. */
  async createModel(name: string, description: string, tags: ReadonlyMap<string, string>): Promise<void> {
    const body = { name, description, tags: tagsOf(tags) };
    await this.#call("POST", "registered-models/create", body, anything, ["RESOURCE_ALREADY_EXISTS"]);
  }

  async describeModel(name: string, description: string): Promise<void> {
    await this.#call("PATCH", "registered-models/update", { name, description });
  }

  async setModelTag(name: string, key: string, value: string): Promise<void> {
    await this.#call("POST", "registered-models/set-tag", { name, key, value });
  }

  async removeModelTag(name: string, key: string): Promise<void> {
    await this.#call("DELETE", "registered-models/delete-tag", { name, key }, anything, ["RESOURCE_DOES_NOT_EXIST"]);
  }

  async setAlias(name: string, alias: string, version: string): Promise<void> {
    await this.#call("POST", "registered-models/alias", { name, alias, version });
  }

  async removeAlias(name: string, alias: string): Promise<void> {
    const gone = ["RESOURCE_DOES_NOT_EXIST"];
    await this.#call("DELETE", "registered-models/alias", { name, alias }, anything, gone);
  }

  /** Those with a tag of this value, the one that was made first first. Neither name nor texts may have a quote in them. */
  async findVersions(name: string, key: string, value: string): Promise<readonly MlflowVersion[]> {
    const filter = `name = '${name}' AND tags.\`${key}\` = '${value}'`;
    const found: MlflowVersion[] = [];
    let token = "";
    do {
      const query = { filter, max_results: MOST_ON_A_PAGE, ...(token === "" ? {} : { page_token: token }) };
      const page = await this.#call("GET", "model-versions/search", query, pageShape);
      for (const one of page.model_versions) if (one.tags.get(key) === value) found.push(one);
      token = page.next_page_token;
    } while (token !== "");
    return found.sort((a, b) => Number(a.version) - Number(b.version));
  }

  async createVersion(
    name: string,
    source: string,
    description: string,
    tags: ReadonlyMap<string, string>,
  ): Promise<MlflowVersion> {
    const body = { name, source, description, tags: tagsOf(tags) };
    return (await this.#call("POST", "model-versions/create", body, versionShape)).model_version;
  }

  async describeVersion(name: string, version: string, description: string): Promise<void> {
    await this.#call("PATCH", "model-versions/update", { name, version, description });
  }

  async setVersionTag(name: string, version: string, key: string, value: string): Promise<void> {
    await this.#call("POST", "model-versions/set-tag", { name, version, key, value });
  }

  async removeVersionTag(name: string, version: string, key: string): Promise<void> {
    const gone = ["RESOURCE_DOES_NOT_EXIST"];
    await this.#call("DELETE", "model-versions/delete-tag", { name, version, key }, anything, gone);
  }

  /** Does nothing where the server has no stages any more, or not yet. */
  async setStage(name: string, version: string, stage: string): Promise<void> {
    const body = { name, version, stage, archive_existing_versions: false };
    const without = ["ENDPOINT_NOT_FOUND", "FEATURE_DISABLED", "NOT_IMPLEMENTED", NO_SUCH_ENDPOINT];
    await this.#call("POST", "model-versions/transition-stage", body, anything, without);
  }

  async removeVersion(name: string, version: string): Promise<void> {
    const gone = ["RESOURCE_DOES_NOT_EXIST"];
    await this.#call("DELETE", "model-versions/delete", { name, version }, anything, gone);
  }

  /** Answers `undefined` for a refusal whose code is one of `expected`. */
  async #call(method: Method, path: string, values: Values): Promise<unknown>;
  async #call<T>(method: Method, path: string, values: Values, shape: z.ZodType<T, unknown>): Promise<T>;
  async #call<T>(
    method: Method,
    path: string,
    values: Values,
    shape: z.ZodType<T, unknown>,
    expected: readonly string[],
  ): Promise<T | undefined>;
  async #call(
    method: Method,
    path: string,
    values: Values,
    shape: z.ZodType = anything,
    expected: readonly string[] = [],
  ): Promise<unknown> {
    const answer = await this.#send(method, path, values);
    const json = parsed(answer.body);
    if (answer.status >= 200 && answer.status < 300) {
      const checked = shape.safeParse(json);
      if (checked.success) return checked.data;
      throw this.#failure("what answers there is not an MLflow tracking server", path, {
        expected: "the JSON that its documentation has",
        received: json === undefined ? answer.says : `${answer.says} with other fields`,
      });
    }
    const told = refusal.safeParse(json);
    const code = told.success ? told.data.error_code : answer.status === 404 ? NO_SUCH_ENDPOINT : undefined;
    if (code !== undefined && expected.includes(code)) return undefined;
    throw this.#refused(path, answer, told.data, code);
  }

  async #send(method: Method, path: string, values: Values): Promise<Answer> {
    const { url, credentials } = this.#server;
    const address = new URL(`${url.replace(/\/+$/, "")}/api/2.0/mlflow/${path}`);
    if (method === "GET")
      for (const [name, value] of Object.entries(values)) address.searchParams.set(name, String(value));
    try {
      const response = await fetch(address, {
        method,
        headers: {
          ...(method === "GET" ? {} : { "content-type": "application/json" }),
          ...(credentials === undefined ? {} : { authorization: credentials.authorization }),
        },
        ...(method === "GET" ? {} : { body: JSON.stringify(values) }),
        // Who is sent elsewhere is most likely asked to log in there.
        redirect: "manual",
        signal: this.#signal,
      });
      const { status, headers } = response;
      const kind = headers.get("content-type")?.split(";")[0] ?? "no type";
      return { status, says: `status ${status}, ${kind.slice(0, 60)}`, body: await response.text() };
    } catch (cause) {
      if (this.#signal.aborted)
        throw new StratigraphError("BACKEND_TIMEOUT", "the MLflow server did not answer in time", {
          where: this.#place(path),
        });
      // The text of the cause has the address in it, and nothing of what was sent.
      throw this.#failure("the MLflow server does not answer", path, { cause });
    }
  }

  #refused(path: string, answer: Answer, told: z.infer<typeof refusal> | undefined, code: string | undefined): Error {
    const { status, says } = answer;
    if (status === 401 || status === 403) {
      const known = this.#server.credentials !== undefined;
      return this.#failure(`the MLflow server wants ${known ? "other " : ""}credentials`, path, {
        received: `status ${status}`,
        hint: "Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, and run `strata sync mirror`.",
      });
    }
    if (code === NO_SUCH_ENDPOINT)
      return this.#failure("there is no MLflow tracking server at that address", path, { received: says });
    const words = told === undefined ? says : `${told.error_code}: ${this.#shown(told.message)}`;
    if (code !== undefined && FINAL.has(code) && status < 500)
      return new StratigraphError("VALIDATION_FAILED", "the MLflow server cannot take that", {
        where: this.#place(path),
        received: words,
      });
    return this.#failure("the MLflow server failed", path, {
      received: told === undefined ? says : `status ${status}, ${words}`,
    });
  }

  #failure(what: string, path: string, details: ConstructorParameters<typeof StratigraphError>[2]): StratigraphError {
    return new StratigraphError("BACKEND_FAILED", what, { where: this.#place(path), ...details });
  }

  #place(path: string): string {
    return `${this.#server.url}, ${path}`;
  }

  /** A server may say again what it was sent. */
  #shown(message: string): string {
    const { hidden = [] } = this.#server.credentials ?? {};
    return showValue(hidden.reduce((said, secret) => said.replaceAll(secret, "***"), message));
  }
}

const NO_SUCH_ENDPOINT = "404";

interface Answer {
  readonly status: number;
  readonly says: string;
  readonly body: string;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function tagsOf(tags: ReadonlyMap<string, string>): readonly Tag[] {
  return [...tags].map(([key, value]) => ({ key, value }));
}
