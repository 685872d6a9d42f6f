/** What Figma's sandbox has besides the language itself. */
const hostNames = ["console", "setTimeout", "clearTimeout", "setInterval", "clearInterval", "fetch"];

/** The language's own globals: those that every engine has, and Figma's too. */
const languageNames = [
  ...["Object", "Function", "Array", "Number", "Boolean", "String", "Symbol", "BigInt", "Date", "RegExp", "Math"],
  ...["JSON", "Promise", "Proxy", "Reflect", "Map", "Set", "WeakMap", "WeakSet", "WeakRef", "FinalizationRegistry"],
  ...["Error", "AggregateError", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"],
  ...["ArrayBuffer", "SharedArrayBuffer", "DataView", "Atomics", "Uint8Array", "Int8Array", "Uint16Array"],
  ...["Int16Array", "Uint32Array", "Int32Array", "Float32Array", "Float64Array", "Uint8ClampedArray"],
  ...["BigInt64Array", "BigUint64Array", "parseInt", "parseFloat", "isNaN", "isFinite", "decodeURI"],
  ...["decodeURIComponent", "encodeURI", "encodeURIComponent", "NaN", "Infinity", "undefined"],
];

/** Names that no parameter can have. */
const unshadowable = new Set(["eval", "arguments", "undefined", "NaN", "Infinity"]);

/**
 * Runs a plugin's script with the globals of Figma's sandbox: everything else that a worker has is hidden, so that a script which
 * works here does not meet a missing `URL` or `TextEncoder` there. This is for truth, not for safety; safety is the worker.
 */
export function runCode(code: string, figma: object, html: string): void {
  const visible: Record<string, unknown> = { figma, __html__: html };
  for (const name of languageNames) visible[name] = Reflect.get(globalThis, name);
  for (const name of hostNames) {
    const value: unknown = Reflect.get(globalThis, name);
    visible[name] = typeof value === "function" ? value.bind(globalThis) : value;
  }
  visible.globalThis = visible;
  const hidden = namesOf(globalThis).filter((name) => !(name in visible));
  const names = [...Object.keys(visible), ...hidden].filter((name) => !unshadowable.has(name));
  const run = new Function(...names, `${code}\n//# sourceURL=code.js`);
  run.apply(
    undefined,
    names.map((name) => visible[name]),
  );
}

/** Of an object and all that it inherits from, but for names that are no identifiers. */
function namesOf(value: object): readonly string[] {
  const names = new Set<string>();
  for (let level: object | null = value; level !== null; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) if (/^[A-Za-z_$][\w$]*$/.test(name)) names.add(name);
  }
  return [...names];
}
