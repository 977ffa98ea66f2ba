// The syntax of JavaScript and TypeScript as far as it means something when it runs: what counts of each kind of node, and nothing else.

/** A node of an ESTree, as every parser of JavaScript makes it. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/**
 * What counts of each kind of node, in a fixed order. Types, comments, places and quotes are not here, and neither is whatever a later
 * version of the parser adds: that is why a new version changes no fingerprint. See "Why code is parsed, not bundled" in docs/design-notes.md.
 */
const fields: Readonly<Record<string, readonly string[]>> = {
  AccessorProperty: ["decorators", "static", "computed", "key", "value"],
  ArrayExpression: ["elements"],
  ArrayPattern: ["elements"],
  ArrowFunctionExpression: ["async", "params", "body"],
  AssignmentExpression: ["operator", "left", "right"],
  AssignmentPattern: ["left", "right"],
  AwaitExpression: ["argument"],
  BinaryExpression: ["operator", "left", "right"],
  BlockStatement: ["body"],
  BreakStatement: ["label"],
  CallExpression: ["optional", "callee", "arguments"],
  CatchClause: ["param", "body"],
  ChainExpression: ["expression"],
  ClassBody: ["body"],
  ClassDeclaration: ["decorators", "id", "superClass", "body"],
  ClassExpression: ["decorators", "id", "superClass", "body"],
  ConditionalExpression: ["test", "consequent", "alternate"],
  ContinueStatement: ["label"],
  DebuggerStatement: [],
  Decorator: ["expression"],
  DoWhileStatement: ["body", "test"],
  ExportAllDeclaration: ["exported", "source", "attributes"],
  ExportDefaultDeclaration: ["declaration"],
  ExportNamedDeclaration: ["declaration", "specifiers", "source", "attributes"],
  ExportSpecifier: ["local", "exported"],
  ExpressionStatement: ["expression"],
  ForInStatement: ["left", "right", "body"],
  ForOfStatement: ["await", "left", "right", "body"],
  ForStatement: ["init", "test", "update", "body"],
  FunctionDeclaration: ["async", "generator", "id", "params", "body"],
  FunctionExpression: ["async", "generator", "id", "params", "body"],
  Identifier: ["name"],
  IfStatement: ["test", "consequent", "alternate"],
  ImportAttribute: ["key", "value"],
  ImportDeclaration: ["specifiers", "source", "attributes"],
  ImportDefaultSpecifier: ["local"],
  ImportExpression: ["source", "options"],
  ImportNamespaceSpecifier: ["local"],
  ImportSpecifier: ["imported", "local"],
  JSXAttribute: ["name", "value"],
  JSXClosingElement: [],
  JSXClosingFragment: [],
  JSXElement: ["openingElement", "children"],
  JSXEmptyExpression: [],
  JSXExpressionContainer: ["expression"],
  JSXFragment: ["children"],
  JSXIdentifier: ["name"],
  JSXMemberExpression: ["object", "property"],
  JSXNamespacedName: ["namespace", "name"],
  JSXOpeningElement: ["name", "attributes"],
  JSXOpeningFragment: [],
  JSXSpreadAttribute: ["argument"],
  JSXSpreadChild: ["expression"],
  JSXText: ["value"],
  LabeledStatement: ["label", "body"],
  LogicalExpression: ["operator", "left", "right"],
  MemberExpression: ["optional", "computed", "object", "property"],
  MetaProperty: ["meta", "property"],
  MethodDefinition: ["decorators", "static", "kind", "computed", "key", "value"],
  NewExpression: ["callee", "arguments"],
  ObjectExpression: ["properties"],
  ObjectPattern: ["properties"],
  PrivateIdentifier: ["name"],
  Program: ["body"],
  Property: ["kind", "method", "computed", "key", "value"],
  PropertyDefinition: ["decorators", "static", "computed", "key", "value"],
  RestElement: ["argument"],
  ReturnStatement: ["argument"],
  SequenceExpression: ["expressions"],
  SpreadElement: ["argument"],
  StaticBlock: ["body"],
  Super: [],
  SwitchCase: ["test", "consequent"],
  SwitchStatement: ["discriminant", "cases"],
  TaggedTemplateExpression: ["tag", "quasi"],
  TemplateElement: ["value"],
  TemplateLiteral: ["quasis", "expressions"],
  ThisExpression: [],
  ThrowStatement: ["argument"],
  TryStatement: ["block", "handler", "finalizer"],
  TSEnumBody: ["members"],
  TSEnumDeclaration: ["id", "body"],
  TSEnumMember: ["id", "initializer"],
  TSExportAssignment: ["expression"],
  TSExternalModuleReference: ["expression"],
  TSImportEqualsDeclaration: ["id", "moduleReference"],
  TSModuleBlock: ["body"],
  TSModuleDeclaration: ["id", "body"],
  TSParameterProperty: ["parameter"],
  UnaryExpression: ["operator", "argument"],
  UpdateExpression: ["operator", "prefix", "argument"],
  VariableDeclaration: ["kind", "declarations"],
  VariableDeclarator: ["id", "init"],
  WhileStatement: ["test", "body"],
  WithStatement: ["object", "body"],
  YieldExpression: ["delegate", "argument"],
};

/** Around an expression, for the compiler alone. */
const wrappers = new Set([
  "ParenthesizedExpression",
  "TSAsExpression",
  "TSInstantiationExpression",
  "TSNonNullExpression",
  "TSSatisfiesExpression",
  "TSTypeAssertion",
]);

/** Gone when the program runs. */
const erased = new Set([
  "EmptyStatement",
  "TSAbstractAccessorProperty",
  "TSAbstractMethodDefinition",
  "TSAbstractPropertyDefinition",
  "TSDeclareFunction",
  "TSEmptyBodyFunctionExpression",
  "TSIndexSignature",
  "TSInterfaceDeclaration",
  "TSNamespaceExportDeclaration",
  "TSTypeAliasDeclaration",
]);

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

/** The expression itself. */
export function unwrapped(node: Node): Node {
  let inner = node;
  while (wrappers.has(inner.type)) inner = inner["expression"] as Node;
  return inner;
}

/** Whether nothing of it is left when the program runs. */
export function isErased(node: Node): boolean {
  if (erased.has(node.type) || node["declare"] === true) return true;
  if (node["importKind"] === "type" || node["exportKind"] === "type") return true;
  // An overload: a method without a body. A parameter called `this` is a type.
  if (node.type === "MethodDefinition") return (node["value"] as Node).type === "TSEmptyBodyFunctionExpression";
  return node.type === "Identifier" && node["name"] === "this";
}

/** What counts of a node; `undefined` for one of a kind that is not known here. */
export function fieldsOf(node: Node): readonly string[] | undefined {
  return fields[node.type];
}

/** What decorates a node. Those of parameters stand beside the fields that count, so that code without any has the digest it always had. */
export function decoratorsOf(node: Node): readonly Node[] {
  return (node["decorators"] as readonly Node[] | null | undefined) ?? [];
}

export function isDecoratedParameter(node: Node): boolean {
  return /^(Identifier|TSParameterProperty|RestElement|.*Pattern)$/.test(node.type) && decoratorsOf(node).length > 0;
}

/** The nodes in it that count, in order. */
export function* children(node: Node): Generator<Node> {
  if (isDecoratedParameter(node)) yield* decoratorsOf(node);
  for (const field of fieldsOf(node) ?? Object.keys(node)) {
    const value = node[field];
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(one) && !isErased(one)) yield unwrapped(one);
    }
  }
}

/** The text of a string, also one written as a template without places in it. */
export function stringOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  const { type, value, quasis } = unwrapped(node) as Node & { readonly value?: unknown; readonly quasis?: Node[] };
  if (type === "Literal") return typeof value === "string" ? value : undefined;
  if (type !== "TemplateLiteral" || quasis?.length !== 1) return undefined;
  return (quasis[0]!["value"] as { readonly cooked: string | null }).cooked ?? undefined;
}

/** The name of a member that is not computed: of `a.b`, `{ b: 1 }`, `{ "b": 1 }`. */
export function keyOf(node: Node): string | undefined {
  if (node["computed"] === true) return undefined;
  const key = (node["key"] ?? node["property"]) as Node;
  if (key.type === "Literal") return String(key["value"]);
  return key["name"] as string;
}

/** The names that a pattern declares. */
export function* namesIn(pattern: Node): Generator<string> {
  switch (pattern.type) {
    case "Identifier":
      if (!isErased(pattern)) yield pattern["name"] as string;
      return;
    case "Property":
      yield* namesIn(pattern["value"] as Node);
      return;
    case "AssignmentPattern":
      yield* namesIn(pattern["left"] as Node);
      return;
    case "Decorator":
      return;
    default:
      for (const child of children(pattern)) yield* namesIn(child);
  }
}
