// An MLflow tracking server for tests: the model registry of its REST API 2.0, with the fields, rules and error codes it documents.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface MlflowVersionThere {
  readonly version: string;
  readonly source: string;
  stage: string;
  description: string;
  readonly tags: Map<string, string>;
}

interface ModelThere {
  description: string;
  readonly tags: Map<string, string>;
  readonly aliases: Map<string, string>;
  readonly versions: MlflowVersionThere[];
  /** Numbers are never given again. */
  highest: number;
}

/** `hang`: no answer, nothing done; `lose`: done, and the connection is cut before the answer; a status and a text: that, nothing done. */
export type MlflowFault = "hang" | "lose" | { readonly status: number; readonly type?: string; readonly body: string };

export interface MlflowServerThere extends AsyncDisposable {
  readonly url: string;
  readonly models: ReadonlyMap<string, ModelThere>;
  /** "POST model-versions/create", in the order they came. */
  readonly calls: readonly string[];
  /** What of a model can be seen: versions by number, with stage and our version, and aliases. */
  seen(name: string): unknown;
  /** Asked before each call. */
  fault: (call: string) => MlflowFault | undefined | Promise<undefined>;
  /** What `authorization` must say; nothing unless told. */
  authorization: string | undefined;
}

class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const statuses: Readonly<Record<string, number>> = {
  INVALID_PARAMETER_VALUE: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  RESOURCE_DOES_NOT_EXIST: 404,
  UNAUTHENTICATED: 401,
};

type Given = Readonly<Record<string, unknown>>;

/** Each endpoint: the fields it must have, those it may have, and what it does. */
function endpoints(models: Map<string, ModelThere>): Readonly<Record<string, Endpoint>> {
  const model = (given: Given): ModelThere => {
    const found = models.get(String(given["name"]));
    if (found === undefined) throw missing(`Registered Model with name=${String(given["name"])} not found`);
    return found;
  };
  const version = (given: Given): MlflowVersionThere => {
    const number = String(given["version"]);
    const found = model(given).versions.find((one) => one.version === number);
    if (found === undefined)
      throw missing(`Model Version (name=${String(given["name"])}, version=${number}) not found`);
    return found;
  };
  const shownVersion = (name: unknown, one: MlflowVersionThere): unknown => ({
    name,
    version: one.version,
    creation_timestamp: 1,
    last_updated_timestamp: 1,
    current_stage: one.stage,
    description: one.description,
    source: one.source,
    status: "READY",
    tags: listed(one.tags),
  });
  const shownModel = (name: unknown, one: ModelThere): unknown => ({
    registered_model: {
      name,
      creation_timestamp: 1,
      last_updated_timestamp: 1,
      description: one.description,
      // A list with nothing in it is not in an answer at all.
      ...(one.tags.size === 0 ? {} : { tags: listed(one.tags) }),
      ...(one.aliases.size === 0
        ? {}
        : { aliases: [...one.aliases].map(([alias, number]) => ({ alias, version: number })) }),
    },
  });
  return {
    "POST registered-models/create": {
      must: ["name"],
      may: ["tags", "description"],
      run(given) {
        const name = String(given["name"]);
        if (/[/:.]/.test(name)) throw invalid(`Invalid model name: '${name}'`);
        if (models.has(name))
          throw new Refusal("RESOURCE_ALREADY_EXISTS", `Registered Model (name=${name}) already exists.`);
        const made: ModelThere = {
          description: textIn(given["description"]),
          tags: tagsIn(given["tags"]),
          aliases: new Map(),
          versions: [],
          highest: 0,
        };
        models.set(name, made);
        return shownModel(name, made);
      },
    },
    "GET registered-models/get": { must: ["name"], run: (given) => shownModel(given["name"], model(given)) },
    "PATCH registered-models/update": {
      must: ["name"],
      may: ["description"],
      run(given) {
        model(given).description = String(given["description"]);
        return shownModel(given["name"], model(given));
      },
    },
    "POST registered-models/set-tag": {
      must: ["name", "key", "value"],
      run: (given) => setTag(model(given).tags, given),
    },
    "DELETE registered-models/delete-tag": {
      must: ["name", "key"],
      run: (given) => removeTag(model(given).tags, given),
    },
    "POST registered-models/alias": {
      must: ["name", "alias", "version"],
      run(given) {
        const alias = String(given["alias"]);
        if (!/^[\w-]+$/.test(alias) || /^(latest|v\d+)$/i.test(alias)) throw invalid(`Invalid alias name: '${alias}'`);
        model(given).aliases.set(alias, version(given).version);
        return {};
      },
    },
    "DELETE registered-models/alias": {
      must: ["name", "alias"],
      run(given) {
        if (!model(given).aliases.delete(String(given["alias"]))) throw missing("Registered model alias not found");
        return {};
      },
    },
    "POST model-versions/create": {
      must: ["name", "source"],
      may: ["run_id", "tags", "run_link", "description"],
      run(given) {
        const there = model(given);
        const source = String(given["source"]);
        if (!/^[a-z0-9]+:\/\//.test(source)) throw invalid(`Invalid model version source: '${source}'`);
        const made: MlflowVersionThere = {
          version: String(++there.highest),
          source,
          stage: "None",
          description: textIn(given["description"]),
          tags: tagsIn(given["tags"]),
        };
        there.versions.push(made);
        return { model_version: shownVersion(given["name"], made) };
      },
    },
    "GET model-versions/search": {
      must: [],
      may: ["filter", "max_results", "order_by", "page_token"],
      run(given) {
        const match = /^name = '([^']+)' AND tags\.`([^`]+)` = '([^']+)'$/.exec(String(given["filter"]));
        if (match === null) throw invalid(`Invalid filter: ${String(given["filter"])}`);
        const [, name, key, value] = match;
        const found = (models.get(name!)?.versions ?? []).filter(({ tags }) => tags.get(key!) === value);
        // One on a page, newest first: whoever reads only the first page sees too little.
        const at = Number(given["page_token"] ?? 0);
        const one = [...found].reverse()[at];
        if (one === undefined) return {};
        return {
          model_versions: [shownVersion(name, one)],
          ...(at + 1 < found.length ? { next_page_token: String(at + 1) } : {}),
        };
      },
    },
    "PATCH model-versions/update": {
      must: ["name", "version"],
      may: ["description"],
      run(given) {
        version(given).description = String(given["description"]);
        return { model_version: shownVersion(given["name"], version(given)) };
      },
    },
    "POST model-versions/set-tag": {
      must: ["name", "version", "key", "value"],
      run: (given) => setTag(version(given).tags, given),
    },
    "DELETE model-versions/delete-tag": {
      must: ["name", "version", "key"],
      run: (given) => removeTag(version(given).tags, given),
    },
    "POST model-versions/transition-stage": {
      must: ["name", "version", "stage", "archive_existing_versions"],
      run(given) {
        const stage = String(given["stage"]);
        if (!["None", "Staging", "Production", "Archived"].includes(stage)) throw invalid(`Invalid stage: ${stage}`);
        if (typeof given["archive_existing_versions"] !== "boolean") throw invalid("archive_existing_versions");
        version(given).stage = stage;
        return { model_version: shownVersion(given["name"], version(given)) };
      },
    },
    "DELETE model-versions/delete": {
      must: ["name", "version"],
      run(given) {
        const gone = version(given);
        const there = model(given);
        there.versions.splice(there.versions.indexOf(gone), 1);
        for (const [alias, number] of there.aliases) if (number === gone.version) there.aliases.delete(alias);
        return {};
      },
    },
  };
}

interface Endpoint {
  readonly must: readonly string[];
  readonly may?: readonly string[];
  run(given: Given): unknown;
}

/** Starts one on a free port, with nothing in it. */
export async function startMlflow(): Promise<MlflowServerThere> {
  const models = new Map<string, ModelThere>();
  const known = endpoints(models);
  const calls: string[] = [];
  const there: Omit<MlflowServerThere, "url" | typeof Symbol.asyncDispose> = {
    models,
    calls,
    fault: () => undefined,
    authorization: undefined,
    seen(name) {
      const model = models.get(name);
      return (
        model && {
          versions: model.versions.map(({ version, stage, tags }) => [version, tags.get("stratigraph.version"), stage]),
          aliases: Object.fromEntries(model.aliases),
        }
      );
    },
  };
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://there");
    const body = await bodyOf(request);
    const call = `${request.method ?? ""} ${pathname.replace(/^\/api\/2\.0\/mlflow\//, "")}`;
    calls.push(call);
    const fault = await there.fault(call);
    if (fault === "hang") return;
    if (typeof fault === "object") {
      response.writeHead(fault.status, { "content-type": fault.type ?? "text/html" }).end(fault.body);
      return;
    }
    const [status, json] = handled(call, request, body, searchParams);
    if (fault === "lose") return void request.socket.destroy();
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
  }

  function handled(
    call: string,
    { method, headers }: IncomingMessage,
    body: string,
    query: URLSearchParams,
  ): readonly [number, unknown] {
    try {
      if (there.authorization !== undefined && headers.authorization !== there.authorization)
        throw new Refusal("UNAUTHENTICATED", `not accepted: ${headers.authorization ?? "nothing"}`);
      const endpoint = known[call];
      if (endpoint === undefined)
        return [404, { error_code: "ENDPOINT_NOT_FOUND", message: `No API found for '${call}'` }];
      const given: Given = method === "GET" ? Object.fromEntries(query) : (JSON.parse(body) as Given);
      checkFields(endpoint, given);
      return [200, endpoint.run(given)];
    } catch (error) {
      if (error instanceof Refusal)
        return [statuses[error.code] ?? 500, { error_code: error.code, message: error.message }];
      throw error;
    }
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(there, {
    url: `http://127.0.0.1:${String(port)}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function checkFields({ must, may = [] }: Endpoint, given: Given): void {
  for (const name of must)
    if (given[name] === undefined || given[name] === "")
      throw invalid(`Missing value for required parameter '${name}'`);
  for (const [name, value] of Object.entries(given)) {
    if (!must.includes(name) && !may.includes(name)) throw invalid(`unknown parameter '${name}'`);
    if (name !== "tags" && name !== "archive_existing_versions" && typeof value !== "string")
      throw invalid(`parameter '${name}' must be a string`);
  }
}

function textIn(given: unknown): string {
  return typeof given === "string" ? given : "";
}

function tagsIn(given: unknown): Map<string, string> {
  const tags = (given ?? []) as readonly { readonly key: string; readonly value: string }[];
  tags.forEach(checkTag);
  return new Map(tags.map(({ key, value }) => [key, value]));
}

function setTag(tags: Map<string, string>, { key, value }: Given): unknown {
  checkTag({ key: String(key), value: String(value) });
  tags.set(String(key), String(value));
  return {};
}

function removeTag(tags: Map<string, string>, { key }: Given): unknown {
  if (!tags.delete(String(key))) throw missing(`No tag with key '${String(key)}'`);
  return {};
}

function checkTag({ key, value }: { readonly key: string; readonly value: string }): void {
  if (!/^[\p{L}\p{N}_/.\- ]+$/u.test(key) || key.length > 250) throw invalid(`Invalid tag name: '${key}'`);
  if (/^\/|\/$|\/\/|(^|\/)\.{1,2}(\/|$)/.test(key)) throw invalid(`Invalid tag name: '${key}'`);
  if (value.length > 5000) throw invalid(`Model version value of '${key}' is too long`);
}

function listed(tags: ReadonlyMap<string, string>): unknown {
  return [...tags].map(([key, value]) => ({ key, value }));
}

function invalid(message: string): Refusal {
  return new Refusal("INVALID_PARAMETER_VALUE", message);
}

function missing(message: string): Refusal {
  return new Refusal("RESOURCE_DOES_NOT_EXIST", message);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const part of request) body += String(part);
  return body;
}
