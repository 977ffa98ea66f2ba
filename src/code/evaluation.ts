// Whether running code changes anything outside of it, as far as its text can tell: what a module does while it is loaded must be harmless.

import { aliasesIn, isFresh } from "./freshness.ts";
import { assignedIn, declaredIn, readingMethods } from "./references.ts";
import { children, decoratorsOf, isErased, isNode, keyOf, namesIn, unwrapped, type Node } from "./syntax.ts";

export interface Evaluation {
  /**
   * The free names whose functions it calls: harmless if those are. "new " before those of classes; "of " where what is called belongs to
   * them, or came from them, and was not looked at.
   */
  readonly calls: readonly string[];
  /** The methods it calls that change nothing, unless somebody has made one of that name that does. */
  readonly methods: readonly string[];
  /** Whether it does something whose reach cannot be told. */
  readonly effect: boolean;
}

/** What a call does that changes nothing but its own result. */
const harmlessGlobals = new Set(
  `Array BigInt Boolean Date Error Intl JSON Map Math Number Object Promise RangeError RegExp Set String Symbol TextDecoder TextEncoder
  TypeError URL URLSearchParams WeakMap WeakSet atob btoa console decodeURIComponent encodeURIComponent isFinite isNaN parseFloat
  parseInt structuredClone`.split(/\s+/),
);
const changing = new Set(["apply", "assign", "call", "defineProperties", "defineProperty", "setPrototypeOf"]);

/** What is known of the module that the code stands in. */
export interface Surroundings {
  /** The names it declares or imports. */
  readonly declared: ReadonlySet<string>;
  /** Whether what this name stands for keeps the functions it is given for later, and does not run them at once. */
  keeps(name: string): boolean;
}

export function evaluationOf(nodes: readonly Node[], around: Surroundings): Evaluation {
  const run = new Run(around, nodes);
  for (const node of nodes) run.visit(node);
  return run.evaluation();
}

/** The same of a function, when it is called. */
export function bodyEvaluation(node: Node, around: Surroundings): Evaluation {
  const run = new Run(around, [node]);
  run.body(node);
  return run.evaluation();
}

/** The same of a class, when an instance of it is made. */
export function instanceEvaluation(node: Node, around: Surroundings): Evaluation {
  const run = new Run(around, [node]);
  run.instance(node);
  return run.evaluation();
}

export function isFunction(node: Node): boolean {
  return /^(ArrowFunctionExpression|FunctionExpression|FunctionDeclaration)$/.test(node.type);
}

/** The name at the left end of a chain of calls and members: `z` of `z.object(…).strict()`. */
export function chainRoot(given: Node): string | undefined {
  let node = unwrapped(given);
  for (;;) {
    if (node.type === "Identifier") return node["name"] as string;
    const next = node["callee"] ?? node["object"] ?? node["argument"] ?? node["expression"] ?? node["tag"];
    if (!/^(Call|New|Member|Await|Chain|TaggedTemplate)Expression$/.test(node.type) || !isNode(next)) return undefined;
    node = unwrapped(next);
  }
}

class Run {
  readonly calls = new Set<string>();
  readonly methods = new Set<string>();
  effect = false;
  readonly #around: Surroundings;
  /** Names that the code itself declares, and those of them that others gave or have: changing what those hold is felt outside. */
  readonly #own: Set<string>[] = [];
  readonly #given: ReadonlySet<string>[] = [];
  /** Whether `this` is an instance that nobody else has yet. */
  #makesThis = false;

  constructor(around: Surroundings, nodes: readonly Node[]) {
    this.#around = around;
    this.#given.push(aliasesIn(nodes, (name) => this.#isGlobal(name)));
  }

  evaluation(): Evaluation {
    return { calls: [...this.calls], methods: [...this.methods], effect: this.effect };
  }

  visit(given: Node): void {
    const node = unwrapped(given);
    if (isErased(node)) return;
    switch (node.type) {
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return; // declared, not run
      case "MethodDefinition":
        if (isDecorated(node)) this.effect = true;
        if (node["computed"] === true) this.visit(node["key"] as Node);
        return;
      case "PropertyDefinition":
      case "AccessorProperty":
        if (isDecorated(node)) this.effect = true;
        // What is not static is evaluated with each instance, as the constructor is.
        if (node["computed"] === true) this.visit(node["key"] as Node);
        if (node["static"] === true && isNode(node["value"])) this.visit(node["value"]);
        return;
      case "Decorator":
      case "WithStatement":
      case "TSModuleDeclaration":
      case "ImportExpression":
      case "YieldExpression":
        this.effect = true;
        return;
      case "AssignmentExpression":
        this.#assign(node["left"] as Node);
        return this.#each(node);
      case "UpdateExpression":
        this.#assign(node["argument"] as Node);
        return;
      case "UnaryExpression":
        if (node["operator"] === "delete") this.effect = true;
        return this.#each(node);
      case "CallExpression":
      case "NewExpression":
        return this.#call(node, node["callee"] as Node, node["arguments"] as readonly Node[]);
      case "TaggedTemplateExpression":
        return this.#call(node, node["tag"] as Node, (node["quasi"] as Node)["expressions"] as readonly Node[]);
      case "ForInStatement":
      case "ForOfStatement":
        this.#assign(node["left"] as Node);
    }
    this.#own.push(new Set(declaredIn(node)));
    this.#each(node);
    this.#own.pop();
  }

  body(node: Node): void {
    this.#own.push(new Set(declaredIn(node)));
    const given = new Set<string>();
    for (const parameter of node["params"] as readonly Node[])
      for (const name of namesIn(unwrapped(parameter))) given.add(name);
    this.#given.push(given);
    for (const parameter of node["params"] as readonly Node[]) this.visit(parameter);
    this.visit(node["body"] as Node);
    this.#given.pop();
    this.#own.pop();
  }

  instance(node: Node): void {
    this.#makesThis = true;
    const parent = node["superClass"];
    if (isNode(parent)) {
      if (parent.type === "Identifier") this.calls.add(`new ${parent["name"] as string}`);
      else this.effect = true;
    }
    for (const member of (node["body"] as Node)["body"] as readonly Node[]) {
      if (isErased(member) || member["static"] === true || !isNode(member["value"])) continue;
      if (member.type === "PropertyDefinition" || member.type === "AccessorProperty") this.visit(member["value"]);
      else if (member["kind"] === "constructor") this.body(member["value"]);
    }
  }

  #each(node: Node): void {
    for (const child of children(node)) this.visit(child);
  }

  #assign(target: Node): void {
    for (const node of assignedIn(target)) {
      if (node.type !== "MemberExpression") {
        if (!this.#isOwn(node["name"] as string)) this.effect = true;
        continue;
      }
      const object = unwrapped(node["object"] as Node);
      if (this.#makesThis && object.type === "ThisExpression") continue;
      if (!this.#isOurs(object)) this.effect = true;
    }
  }

  #call(node: Node, givenCallee: Node, parameters: readonly Node[]): void {
    const callee = unwrapped(givenCallee);
    const object = callee.type === "MemberExpression" ? unwrapped(callee["object"] as Node) : undefined;
    const root = chainRoot(callee);
    const method = object === undefined ? undefined : keyOf(callee);
    const reads = method !== undefined && readingMethods.has(method);
    const global = root !== undefined && this.#isGlobal(root);
    // `Object.keys`, and not the result of it.
    const direct = callee.type === "Identifier" || object?.type === "Identifier";
    const kept = root !== undefined && !reads && this.#around.keeps(root);
    if (isFunction(callee)) this.body(callee);
    else if (callee.type !== "Identifier") this.visit(callee);
    if (this.#makesThis && callee.type === "Super") {
      // Told by the class's parent.
    } else if (reads) this.methods.add(method);
    else if (isFunction(callee)) {
      // Looked into.
    } else if (object !== undefined && !this.#isDeclared("process") && isReadOfProcess(object, method)) {
      // Or the end of the program, which leaves no result.
    } else if (root !== undefined && !global && !this.#isOwn(root)) this.calls.add(callName(node, callee, root));
    else if (global && direct) {
      const [first] = parameters;
      const ownTarget = method === "assign" && first !== undefined && this.#isOurs(unwrapped(first));
      if (method !== undefined && changing.has(method) && !ownTarget) this.effect = true;
    } else if (object === undefined || method === undefined || !this.#isOurs(object)) {
      // To call what was given, or to change it, may do anything.
      this.effect = true;
    }
    for (const [index, parameter] of parameters.entries()) {
      const untouched = kept || (global && direct && (root === "console" || (index === 0 && root !== "Promise")));
      this.#argument(unwrapped(parameter), kept, untouched);
    }
  }

  /** What is given to a call may be called by it. What was given to this code itself was looked at where that was done. */
  #argument(node: Node, kept: boolean, untouched: boolean): void {
    if (isFunction(node)) {
      if (!kept) this.body(node);
      return;
    }
    this.visit(node);
    if (untouched || !/^(Identifier|MemberExpression)$/.test(node.type)) return;
    // Texts, which nobody can call; who changes them is looked at there.
    if (!this.#isDeclared("process") && isEnvironment(node)) return;
    const root = chainRoot(node);
    if (root === undefined) this.effect = true;
    else if (!this.#isOwn(root) && !this.#isGlobal(root)) {
      this.calls.add(node.type === "Identifier" ? root : `of ${root}`);
    }
  }

  /** Whether to change the value of an expression, or to call a method of it, is felt by nobody else. */
  #isOurs(node: Node): boolean {
    if (node.type !== "Identifier") return isFresh(node, (name) => this.#isGlobal(name));
    const name = node["name"] as string;
    return this.#isOwn(name) && !this.#isGiven(name);
  }

  #isGlobal(name: string): boolean {
    return harmlessGlobals.has(name) && !this.#around.declared.has(name);
  }

  #isDeclared(name: string): boolean {
    return this.#around.declared.has(name) || this.#isOwn(name);
  }

  #isOwn(name: string): boolean {
    return this.#own.some((names) => names.has(name));
  }

  #isGiven(name: string): boolean {
    return this.#given.some((names) => names.has(name));
  }
}

function callName(node: Node, callee: Node, root: string): string {
  if (callee.type !== "Identifier") return `of ${root}`;
  return node.type === "NewExpression" ? `new ${root}` : root;
}

/** Whether a member of a class, or a parameter of it, is given to a function when the class is made. */
function isDecorated(member: Node): boolean {
  const { value } = member;
  const parameters = isNode(value) && isFunction(value) ? (value["params"] as readonly Node[]) : [];
  return [member, ...parameters].some((node) => decoratorsOf(node).length > 0);
}

/** `process.env`, `process.env.NAME` and `process.argv`. */
function isEnvironment(node: Node): boolean {
  if (node.type !== "MemberExpression") return false;
  const object = unwrapped(node["object"] as Node);
  if (object.type === "MemberExpression") return isEnvironment(object);
  return object.type === "Identifier" && object["name"] === "process" && /^(argv|env)$/.test(keyOf(node) ?? "");
}

function isReadOfProcess(object: Node, method: string | undefined): boolean {
  return (
    object.type === "Identifier" && object["name"] === "process" && /^(cwd|exit|memoryUsage|uptime)$/.test(method ?? "")
  );
}
