// What a piece of code refers to outside of itself: the free names in it, and the modules and files it reaches for while it runs.

import {
  children,
  decoratorsOf,
  isDecoratedParameter,
  isErased,
  isNode,
  keyOf,
  namesIn,
  stringOf,
  unwrapped,
  type Node,
} from "./syntax.ts";

export interface References {
  /** Free names in order of their first appearance; `name.member` where only a member of it is taken. */
  readonly names: readonly string[];
  /** Free names that it changes: assigns, or changes a member of. */
  readonly writes: readonly string[];
  /** Modules named in `import("…")` and `require("…")`, and files in `new URL("…", import.meta.url)` and `import.meta.resolve("…")`. */
  readonly modules: readonly string[];
  readonly files: readonly string[];
  /** Free names that it assigns, or of which it assigns a member; and those that it hands to a call as they are. */
  readonly assigned: readonly string[];
  readonly handed: readonly string[];
  /** Whether it uses what is behind values that no name leads to: prototypes. */
  readonly prototypes: boolean;
  /** Whether it uses `process.env` other than for a variable by its name. */
  readonly environment: boolean;
  /** Why nobody can say what else it reaches. */
  readonly hidden: Hidden | undefined;
}

/** "code": text is run as code; "module": a module is loaded whose name is computed. */
export type Hidden = "code" | "module";

/** Methods that change nothing of what they are called on, whatever it is. */
export const readingMethods: ReadonlySet<string> = new Set(
  `at charAt charCodeAt codePointAt concat endsWith entries every filter find findIndex findLast findLastIndex flat flatMap forEach get has
  includes indexOf join keys lastIndexOf localeCompare map match matchAll normalize padEnd padStart parse reduce reduceRight repeat replace
  replaceAll safeParse slice some split startsWith substring toFixed toISOString toJSON toLocaleString toLowerCase toReversed toSorted
  toSpliced toString toUpperCase trim trimEnd trimStart valueOf values with`.split(/\s+/),
);

const PROTOTYPES = /^(__proto__|constructor|getPrototypeOf|prototype)$/;

/** Of some nodes that stand side by side; names they declare at their outermost level are not told apart from free ones. */
export function referencesOf(nodes: readonly Node[]): References {
  const walk = new Walk();
  for (const node of nodes) walk.visit(node);
  return walk;
}

class Walk implements References {
  readonly #names = new Set<string>();
  readonly #writes = new Set<string>();
  readonly #modules = new Set<string>();
  readonly #files = new Set<string>();
  readonly #assigned = new Set<string>();
  readonly #handed = new Set<string>();
  /** The names declared around the node that is looked at, innermost last. */
  readonly #scopes: Set<string>[] = [];
  hidden: Hidden | undefined;
  prototypes = false;
  environment = false;

  get names(): string[] {
    return [...this.#names];
  }
  get writes(): string[] {
    return [...this.#writes];
  }
  get modules(): string[] {
    return [...this.#modules];
  }
  get files(): string[] {
    return [...this.#files];
  }
  get assigned(): string[] {
    return [...this.#assigned];
  }
  get handed(): string[] {
    return [...this.#handed];
  }

  visit(given: Node): void {
    const node = unwrapped(given);
    if (isErased(node)) return;
    switch (node.type) {
      case "Identifier":
        return this.#name(node["name"] as string);
      case "JSXIdentifier":
        // <div> is text, <Chart> is a name.
        if (/^[A-Z_$]/.test(node["name"] as string)) this.#name(node["name"] as string);
        return;
      case "JSXMemberExpression":
        return this.#jsxRoot(node);
      case "JSXAttribute":
        if (isNode(node["value"])) this.visit(node["value"]);
        return;
      case "MemberExpression":
        return this.#member(node);
      case "Property":
      case "MethodDefinition":
      case "PropertyDefinition":
      case "AccessorProperty":
        for (const decorator of (node["decorators"] as readonly Node[] | undefined) ?? []) this.visit(decorator);
        if (node["computed"] === true) this.visit(node["key"] as Node);
        if (isNode(node["value"])) this.visit(node["value"]);
        return;
      case "MetaProperty":
      case "BreakStatement":
      case "ContinueStatement":
        return;
      case "LabeledStatement":
        return this.visit(node["body"] as Node);
      case "VariableDeclarator":
        this.#pattern(node["id"] as Node);
        if (isNode(node["init"])) this.visit(node["init"]);
        return;
      case "AssignmentExpression":
        this.#written(node["left"] as Node);
        return this.#each(node);
      case "UpdateExpression":
        this.#written(node["argument"] as Node);
        return this.#each(node);
      case "ForInStatement":
      case "ForOfStatement":
        // Without `let` or `const` it assigns to what is there.
        this.#written(node["left"] as Node);
        break;
      case "UnaryExpression":
        if (node["operator"] === "delete") this.#written(node["argument"] as Node);
        return this.#each(node);
      case "CallExpression":
        this.#call(node);
        return this.#each(node);
      case "NewExpression":
        this.#made(node);
        return this.#each(node);
      case "ImportExpression":
        this.#module(node["source"]);
        return this.#each(node);
      case "WithStatement":
        this.hidden = "code";
        return this.#each(node);
    }
    this.#within(declaredIn(node), () => {
      for (const parameter of (node["params"] as readonly Node[] | undefined) ?? []) this.#pattern(parameter);
      if (isNode(node["param"])) this.#pattern(node["param"]);
      for (const child of children(node)) if (!isName(node, child)) this.visit(child);
    });
  }

  #each(node: Node): void {
    for (const child of children(node)) this.visit(child);
  }

  #within(names: Iterable<string>, work: () => void): void {
    this.#scopes.push(new Set(names));
    work();
    this.#scopes.pop();
  }

  #isFree(name: string): boolean {
    return !this.#scopes.some((scope) => scope.has(name));
  }

  #name(name: string): void {
    if (this.#isFree(name)) this.#names.add(name);
  }

  /** The defaults and computed keys in a pattern whose names are declared. */
  #pattern(pattern: Node): void {
    const node = unwrapped(pattern);
    if (isDecoratedParameter(node)) for (const decorator of decoratorsOf(node)) this.visit(decorator);
    if (node.type === "Identifier") return;
    if (node.type === "AssignmentPattern") {
      this.#pattern(node["left"] as Node);
      this.visit(node["right"] as Node);
    } else if (node.type === "Property") {
      if (PROTOTYPES.test(keyOf(node) ?? "")) this.prototypes = true;
      if (node["computed"] === true) this.visit(node["key"] as Node);
      this.#pattern(node["value"] as Node);
    } else for (const child of children(node)) this.#pattern(child);
  }

  #member(node: Node): void {
    const object = unwrapped(node["object"] as Node);
    const member = keyOf(node);
    if (member !== undefined && PROTOTYPES.test(member)) this.prototypes = true;
    if (object.type === "Identifier" && member !== undefined) {
      const name = object["name"] as string;
      if (this.#isFree(name)) this.#names.add(`${name}.${member}`);
      if (name === "process" && member === "env") this.environment = true;
      return;
    }
    if (object.type === "MemberExpression" && this.#isEnvironment(object)) this.#names.add("process.env");
    else this.visit(object);
    if (node["computed"] === true) this.visit(node["property"] as Node);
  }

  #isEnvironment(node: Node): boolean {
    const object = unwrapped(node["object"] as Node);
    return keyOf(node) === "env" && object["name"] === "process" && this.#isFree("process");
  }

  #written(target: Node): void {
    for (const node of assignedIn(target)) {
      const root = node.type === "MemberExpression" ? this.#changed(node) : (node["name"] as string);
      if (root === undefined || !this.#isFree(root)) continue;
      this.#writes.add(root);
      this.#assigned.add(root);
    }
  }

  /** The name at the left end of a chain of members, which counts as changed. */
  #changed(node: Node): string | undefined {
    let object = node;
    while (object.type === "MemberExpression") object = unwrapped(object["object"] as Node);
    if (object.type !== "Identifier") return undefined;
    const name = object["name"] as string;
    if (this.#isFree(name)) this.#writes.add(name);
    return name;
  }

  #hand(parameters: readonly Node[]): void {
    for (const given of parameters) {
      const node = unwrapped(given.type === "SpreadElement" ? (given["argument"] as Node) : given);
      if (node.type === "Identifier" && this.#isFree(node["name"] as string)) this.#handed.add(node["name"] as string);
    }
  }

  #call(node: Node): void {
    const callee = unwrapped(node["callee"] as Node);
    const parameters = node["arguments"] as readonly Node[];
    this.#hand(parameters);
    if (callee.type === "MemberExpression") {
      if (!readingMethods.has(keyOf(callee) ?? "")) this.#changed(callee);
      const object = unwrapped(callee["object"] as Node);
      const onObject = object.type === "Identifier" && object["name"] === "Object" && this.#isFree("Object");
      const first = parameters[0] === undefined ? undefined : unwrapped(parameters[0]);
      if (onObject && first !== undefined && /^(assign|define|set)/.test(keyOf(callee) ?? "")) {
        if (/^(Identifier|MemberExpression)$/.test(first.type)) this.#written(first);
      }
      // `require.resolve`, `module.require` and the like.
      if (/^(createRequire|require)$/.test(keyOf(callee) ?? "")) this.hidden ??= "module";
      if (keyOf(callee) === "resolve" && object.type === "MetaProperty") this.#file(parameters[0]);
      return;
    }
    if (callee.type !== "Identifier" || !this.#isFree(callee["name"] as string)) return;
    const name = callee["name"] as string;
    if (name === "eval" || name === "Function") this.hidden = "code";
    if (name === "require") this.#module(parameters[0]);
    if (name === "createRequire") this.hidden ??= "module";
  }

  #made(node: Node): void {
    const callee = unwrapped(node["callee"] as Node);
    this.#hand(node["arguments"] as readonly Node[]);
    if (callee.type !== "Identifier" || !this.#isFree(callee["name"] as string)) return;
    if (callee["name"] === "Function") this.hidden = "code";
    const [path, base] = node["arguments"] as readonly Node[];
    if (callee["name"] !== "URL" || base === undefined || !isMetaUrl(unwrapped(base))) return;
    this.#file(path);
  }

  #file(path: unknown): void {
    const file = stringOf(path);
    if (file !== undefined && /^\.{0,2}\//.test(file)) this.#files.add(file);
  }

  #module(source: unknown): void {
    const name = stringOf(source);
    if (name === undefined) this.hidden ??= "module";
    else this.#modules.add(name);
  }

  #jsxRoot(node: Node): void {
    let root = node;
    while (root.type === "JSXMemberExpression") root = root["object"] as Node;
    this.#name(root["name"] as string);
  }
}

/** Names of nodes that are declared, not referred to. */
function isName(node: Node, child: Node): boolean {
  if (child === node["id"] || child === node["param"] || child === node["label"]) return true;
  return Array.isArray(node["params"]) && (node["params"] as Node[]).some((one) => unwrapped(one) === child);
}

function isMetaUrl(node: Node): boolean {
  return node.type === "MemberExpression" && keyOf(node) === "url" && (node["object"] as Node).type === "MetaProperty";
}

/** The names and members that an assignment to this gives a value: `[a, { b: c.d }] = …`. */
export function* assignedIn(target: Node): Generator<Node> {
  const node = unwrapped(target);
  if (node.type === "MemberExpression" || node.type === "Identifier") yield node;
  else if (node.type === "AssignmentPattern") yield* assignedIn(node["left"] as Node);
  else if (node.type === "Property") yield* assignedIn(node["value"] as Node);
  else if (/Pattern$|^RestElement$/.test(node.type)) for (const child of children(node)) yield* assignedIn(child);
}

/** The names that hold inside this node and not outside of it. */
export function* declaredIn(node: Node): Generator<string> {
  switch (node.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      if (node.type === "FunctionExpression" && isNode(node["id"])) yield node["id"]["name"] as string;
      for (const parameter of node["params"] as readonly Node[]) yield* namesIn(unwrapped(parameter));
      yield* variablesIn(node["body"] as Node);
      if (node.type !== "ArrowFunctionExpression") yield "arguments";
      return;
    case "ClassDeclaration":
    case "ClassExpression":
      if (isNode(node["id"])) yield node["id"]["name"] as string;
      return;
    case "BlockStatement":
    case "StaticBlock":
    case "TSModuleBlock":
      for (const statement of node["body"] as readonly Node[]) yield* lexicalNames(statement);
      if (node.type !== "BlockStatement") yield* variablesIn(node);
      return;
    case "SwitchStatement":
      for (const { consequent } of node["cases"] as readonly (Node & { consequent: Node[] })[]) {
        for (const statement of consequent) yield* lexicalNames(statement);
      }
      return;
    case "ForStatement":
      if (isNode(node["init"])) yield* lexicalNames(node["init"]);
      return;
    case "ForInStatement":
    case "ForOfStatement":
      yield* lexicalNames(node["left"] as Node);
      return;
    case "CatchClause":
      if (isNode(node["param"])) yield* namesIn(node["param"]);
      return;
    case "TSEnumDeclaration":
      yield (node["id"] as Node)["name"] as string;
      for (const { id } of (node["body"] as Node)["members"] as readonly (Node & { id: Node })[]) {
        yield (id["name"] ?? id["value"]) as string;
      }
      return;
    case "TSModuleDeclaration":
      if ((node["id"] as Node).type === "Identifier") yield (node["id"] as Node)["name"] as string;
  }
}

/** `let`, `const`, classes, functions and enums that a statement declares in its block. */
export function* lexicalNames(given: Node): Generator<string> {
  const node = given.type === "ExportNamedDeclaration" ? (given["declaration"] as Node | null) : given;
  if (node === null || isErased(node)) return;
  if (node.type === "VariableDeclaration") {
    for (const { id } of node["declarations"] as readonly (Node & { id: Node })[]) yield* namesIn(id);
  } else if (/^(Class|Function|TSEnum|TSModule|TSImportEquals)Declaration$/.test(node.type) && isNode(node["id"])) {
    const { name } = node["id"];
    if (typeof name === "string") yield name;
  }
}

/** The names of every `var` in a function's body, which hold in all of it. */
export function* variablesIn(node: Node): Generator<string> {
  if (/^(Function|Arrow|Class)/.test(node.type)) return;
  if (node.type === "VariableDeclaration" && node["kind"] === "var") yield* lexicalNames(node);
  for (const child of children(node)) yield* variablesIn(child);
}
